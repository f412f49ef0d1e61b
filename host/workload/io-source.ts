// Where the workload's I/Os come from: a generator by pattern, or the records of a trace.

import type { z } from 'zod';
import type { Random } from '#lib/base/random.ts';
import type { VscsiIo } from '#lib/formats/vscsi/vscsi.ts';
import { SECTOR_BYTES } from '#lib/model/limits.ts';
import type { generatorSchema } from '#lib/model/workload.ts';

/** What to do next, and when: milliseconds from the start, 0 for as soon as possible. */
export interface PlannedIo {
  operation: 'read' | 'write';
  offset: number;
  length: number;
  dueMs: number;
}

export type IoSource = AsyncIterator<PlannedIo, void>;
type Generator = z.output<typeof generatorSchema>;

/** Endless. Offsets are multiples of the block size, as with fio. */
export async function* generate(
  workload: Generator,
  diskBytes: number,
  random: Random,
): AsyncGenerator<PlannedIo, void> {
  const { pattern, blockBytes, rateIops, readPercent } = workload;
  const blocks = Math.floor(diskBytes / blockBytes);
  if (blocks < 1) return;
  const next = numbers(random);
  const intervalMs = rateIops === 0 ? 0 : 1000 / rateIops;
  for (let index = 0; ; index++) {
    const inOrder = pattern === 'read' || pattern === 'write';
    const block = inOrder ? index % blocks : Math.floor(next() * blocks);
    const isRead = pattern === 'randrw' ? next() * 100 < readPercent : pattern.endsWith('read');
    yield {
      operation: isRead ? 'read' : 'write',
      offset: block * blockBytes,
      length: blockBytes,
      dueMs: index * intervalMs,
    };
  }
}

/**
 * The trace on a disk of this size: offsets beyond its end wrap around. `speed` 0 plays without
 * waiting.
 */
export async function* playTrace(
  records: AsyncIterable<VscsiIo>,
  diskBytes: number,
  speed: number,
): AsyncGenerator<PlannedIo, void> {
  let firstUs: number | null = null;
  for await (const { operation, lbn, lengthBytes, microseconds } of records) {
    const whole = lengthBytes - (lengthBytes % SECTOR_BYTES);
    const length = Math.min(whole, diskBytes);
    if (operation === 'other' || length === 0) continue;
    firstUs ??= microseconds;
    const wrapped = (lbn * SECTOR_BYTES) % diskBytes;
    const offset = Math.min(wrapped, diskBytes - length);
    const dueMs = speed === 0 ? 0 : Math.max(0, microseconds - firstUs) / 1000 / speed;
    yield { operation, offset, length, dueMs };
  }
}

/**
 * Uniform numbers from 0 up to 1 (xorshift128, Marsaglia 2003), seeded once: fast, and good enough
 * for offsets.
 */
function numbers(random: Random): () => number {
  const seed = random.bytes(16);
  const view = new DataView(seed.buffer, seed.byteOffset, 16);
  let [x, y, z, w] = [0, 4, 8, 12].map((at) => view.getUint32(at) || 1) as [
    number,
    number,
    number,
    number,
  ];
  return () => {
    const t = x ^ (x << 11);
    x = y;
    y = z;
    z = w;
    w = (w ^ (w >>> 19) ^ t ^ (t >>> 8)) >>> 0;
    return w / 0x1_0000_0000;
  };
}
