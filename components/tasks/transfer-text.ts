// How far a copy is, in words: bytes, speed and the time that is left at that speed. Pure.
import type { MeasuredTransfer } from '#lib/model/transfer.ts';
import { formatByteRate, formatBytes } from '../format/quantities.ts';
import { formatDuration } from '../format/times.ts';

/** A speed that would take longer than this says nothing about the time. */
const LEFT_MAX_SECONDS = 30 * 24 * 3600;

/** "1.2 GiB of 8 GiB, 120 MiB/s, 58 s left"; '' when nothing is copied. */
export function transferText(transfer: MeasuredTransfer | null, locale?: string): string {
  if (!transfer || transfer.totalBytes === 0) return '';
  const { doneBytes, totalBytes, bytesPerSecond } = transfer;
  const parts = [`${formatBytes(doneBytes, locale)} of ${formatBytes(totalBytes, locale)}`];
  if (bytesPerSecond !== null) parts.push(formatByteRate(bytesPerSecond, locale));
  const left = secondsLeft(transfer);
  if (left !== null) parts.push(`${formatDuration(left * 1000)} left`);
  return parts.join(', ');
}

/** Whole seconds, so that it does not flicker; null while it cannot be told. */
function secondsLeft({ doneBytes, totalBytes, bytesPerSecond }: MeasuredTransfer): number | null {
  if (bytesPerSecond === null || bytesPerSecond <= 0 || doneBytes >= totalBytes) return null;
  const seconds = Math.ceil((totalBytes - doneBytes) / bytesPerSecond);
  return seconds > LEFT_MAX_SECONDS ? null : seconds;
}
