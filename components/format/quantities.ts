// Numbers with their unit, as the console writes them everywhere: bytes, rates, latencies, counts,
// shares. Pure; `locale` is the user's unless a test says otherwise.
import { formatBytes, formatDigits, shortNumber } from '#lib/base/format-quantities.ts';

export { formatBytes, formatMebibytes, formatShare } from '#lib/base/format-quantities.ts';

export function formatByteRate(bytesPerSecond: number, locale?: string): string {
  return `${formatBytes(bytesPerSecond, locale)}/s`;
}

/** 12345 → "12,345"; rates under ten keep a decimal. */
export function formatCount(value: number, locale?: string): string {
  const digits = Math.abs(value) < 10 && !Number.isInteger(value) ? 1 : 0;
  return formatDigits(value, digits, locale);
}

export function formatIops(iops: number, locale?: string): string {
  return `${formatCount(iops, locale)} IOPS`;
}

/** Microseconds → "87 µs", "1.25 ms", "2.1 s". */
export function formatLatency(microseconds: number, locale?: string): string {
  const size = Math.abs(microseconds);
  if (size < 999.5) return `${shortNumber(microseconds, locale)} µs`;
  if (size < 999_500) return `${shortNumber(microseconds / 1e3, locale)} ms`;
  return `${shortNumber(microseconds / 1e6, locale)} s`;
}

/** 1 "disk", 2 "disks": the count and the right form of its noun. */
export function formatNoun(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}
