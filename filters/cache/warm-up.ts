// Reads again what was in the cache before the disk moved, in the order of the disk, one read at a
// time, so that the guest comes first.
import type { BelowIo } from '#lib/filter-sdk/filter.ts';
import { BLOCK_BYTES } from './sectors.ts';
import { rangesOf } from './warm-list.ts';

const READ_BYTES_MAX = 256 * 1024;

export interface WarmUpOptions {
  below: BelowIo;
  sizeBytes: number;
  mayGoOn(): boolean;
  /** Does the work and keeps what it reads; the work may reject. */
  read(range: { offset: number; length: number }, work: () => Promise<Uint8Array>): Promise<void>;
}

export async function warmUp(offsets: readonly number[], options: WarmUpOptions): Promise<void> {
  const { below, sizeBytes, mayGoOn, read } = options;
  const sizes = { blockBytes: BLOCK_BYTES, longest: READ_BYTES_MAX, sizeBytes };
  for (const range of rangesOf(offsets, sizes)) {
    if (!mayGoOn()) return;
    await read(range, () => below.read(range.offset, range.length));
  }
}
