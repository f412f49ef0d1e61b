// The size of a disk as somebody types it: a number and a unit, and the bytes that they mean. Pure.

import { DISK_BYTES_MAX, GIB, MIB } from '#lib/model/limits.ts';

const SIZE_UNITS = { MiB: MIB, GiB: GIB, TiB: 1024 * GIB } as const;
export type SizeUnit = keyof typeof SIZE_UNITS;

export interface SizeDraft {
  amount: string;
  unit: SizeUnit;
}

/**
 * Whole MiB, from one of them to 62 TiB; null for what is no size. A comma may stand for a point.
 */
export function bytesOf({ amount, unit }: SizeDraft): number | null {
  const text = amount.trim().replace(',', '.');
  if (!/^\d+(?:\.\d+)?$/.test(text)) return null;
  const bytes = Math.round((Number(text) * SIZE_UNITS[unit]) / MIB) * MIB;
  return bytes >= MIB && bytes <= DISK_BYTES_MAX ? bytes : null;
}

/** In the largest unit in which it is no less than one. */
export function sizeDraftOf(bytes: number): SizeDraft {
  const unit = bytes >= SIZE_UNITS.TiB ? 'TiB' : bytes >= SIZE_UNITS.GiB ? 'GiB' : 'MiB';
  return { amount: String(Math.round((bytes / SIZE_UNITS[unit]) * 1000) / 1000), unit };
}
