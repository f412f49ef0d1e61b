// What a policy asks of the cache of one disk.
import type { PropertyValues } from '#lib/filter-sdk/filter.ts';
import type { MirrorWish } from './mirror/mirroring.ts';
import { BLOCK_BYTES } from './sectors.ts';
import type { Watermarks } from './write-back/write-back-parts.ts';

const MIB = 1024 * 1024;

export type CacheMode = 'writeThrough' | 'writeBack' | 'writeAround';

export interface CacheSettings {
  mode: CacheMode;
  blocks: number;
  logBytes: number;
  /** Of a stream of writes, that go into the log; null for all. */
  streamBytes: number | null;
  watermarks: Watermarks;
  mirror: MirrorWish;
  discardLostData: boolean;
}

export function settingsOf(properties: PropertyValues): CacheSettings {
  const { mode, mirror, discardLostData } = properties;
  const streamBytes = numberOf(properties, 'streamMib', 0) * MIB;
  const high = numberOf(properties, 'dirtyHigh', 70) / 100;
  const low = numberOf(properties, 'dirtyLow', 30) / 100;
  return {
    mode: mode === 'writeBack' || mode === 'writeAround' ? mode : 'writeThrough',
    blocks: Math.max(1, Math.trunc((numberOf(properties, 'sizeMib', 1) * MIB) / BLOCK_BYTES)),
    logBytes: numberOf(properties, 'logMib', 64) * MIB,
    streamBytes: streamBytes === 0 ? null : streamBytes,
    watermarks: { high, low: Math.min(low, high / 2) },
    mirror: mirror === 'degrade' || mirror === 'writeThrough' ? mirror : 'off',
    discardLostData: discardLostData === true,
  };
}

function numberOf(properties: PropertyValues, name: string, otherwise: number): number {
  const value = properties[name];
  return typeof value === 'number' && value > 0 ? value : otherwise;
}
