// Tests of zero-detect: what the disk holds is what the guest wrote, zeroes are not written, and
// the estimate has the right order.
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EIO } from '#lib/filter-sdk/filter.ts';
import { FilterHarness, type HarnessIo } from '#lib/filter-sdk/filter-harness.ts';
import { compressedSize } from './compressed-size.ts';
import zeroDetect from './index.ts';
import { BLOCK_BYTES, cut } from './runs.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

function detecting(properties: Record<string, number> = {}): FilterHarness {
  const settings = { minimumKib: 4, sampling: 1, ...properties };
  return new FilterHarness(zeroDetect, { properties: settings, sizeBytes: 4 * MIB });
}

/** Waits for the parts of a write that the filter has cut. */
async function write(harness: FilterHarness, offset: number, data: Uint8Array): Promise<HarnessIo> {
  const io = harness.run('write', offset, data);
  for (let turn = 0; turn < 20 && io.state === 'deferred'; turn++) await Promise.resolve();
  return io;
}

/** Blocks by a picture: `0` for zeroes, `x` for data. */
function picture(blocks: string): Uint8Array {
  const data = new Uint8Array(blocks.length * BLOCK_BYTES);
  for (const [index, block] of [...blocks].entries())
    if (block === 'x') data.fill(index + 1, index * BLOCK_BYTES, (index + 1) * BLOCK_BYTES);
  return data;
}

describe('cutting', () => {
  test.each([
    ['xxxx', null],
    ['0000', [true]],
    ['x00x', [false, true, false]],
    ['00xx00', [true, false, true]],
    ['x0x', null],
  ])('%s with runs of two blocks', (blocks, zeroes) => {
    const runs = cut(picture(blocks), 0, 2 * BLOCK_BYTES);
    expect(runs?.map(({ zero }) => zero) ?? null).toEqual(zeroes);
  });

  test('goes along the blocks of the disk, not those of the write', () => {
    const runs = cut(new Uint8Array(4 * BLOCK_BYTES), 512, BLOCK_BYTES);
    expect(runs?.map(({ start, end }) => [start, end])).toEqual([
      [0, BLOCK_BYTES - 512],
      [BLOCK_BYTES - 512, 4 * BLOCK_BYTES - 512],
      [4 * BLOCK_BYTES - 512, 4 * BLOCK_BYTES],
    ]);
  });

  test('covers every write, without a gap, and calls zero what is', () => {
    const sectors = fc.array(fc.boolean(), { minLength: 1, maxLength: 80 });
    const offsets = fc.integer({ min: 0, max: 15 });
    fc.assert(
      fc.property(sectors, offsets, fc.integer({ min: 1, max: 3 }), (full, offset, minimum) => {
        const data = new Uint8Array(full.length * 512);
        for (const [index, each] of full.entries()) if (each) data[index * 512 + 100] = 1;
        const runs = cut(data, offset * 512, minimum * BLOCK_BYTES);
        if (runs === null) return;
        expect(runs[0]?.start).toBe(0);
        expect(runs.at(-1)?.end).toBe(data.length);
        for (const [index, { start, end, zero }] of runs.entries()) {
          expect(start).toBe(index === 0 ? 0 : runs[index - 1]?.end);
          expect(end).toBeGreaterThan(start);
          if (!zero) continue;
          expect(end - start).toBeGreaterThanOrEqual(minimum * BLOCK_BYTES);
          expect(data.subarray(start, end).every((byte) => byte === 0)).toBe(true);
        }
      }),
    );
  });
});

describe('a write', () => {
  test('without zeroes passes as it is', async () => {
    const harness = detecting();
    await write(harness, 0, picture('xxxx'));
    expect(harness.below.log).toEqual([]);
  });

  test('of zeroes over zeroes writes nothing', async () => {
    const harness = detecting();
    const io = await write(harness, 0, picture('0000'));
    expect([io.state, io.error]).toEqual(['done', 0]);
    expect(harness.below.log.filter((each) => !each.startsWith('read'))).toEqual([]);
    expect(harness.filter.statistics?.()).toMatchObject({ zeroes: 16 * KIB, skipped: 16 * KIB });
  });

  test('of long zeroes asks for a hole without a look', async () => {
    const harness = detecting();
    harness.disk.fill(9);
    await write(harness, 0, new Uint8Array(2 * MIB));
    expect(harness.below.log).toHaveLength(1);
    expect(harness.below.log[0]).toMatch(/^writeZeroes/);
  });

  test('leaves on the disk what was written, whatever was there', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('0', 'x'), { minLength: 1, maxLength: 24 }),
        fc.array(fc.constantFrom('0', 'x'), { minLength: 24, maxLength: 24 }),
        fc.integer({ min: 0, max: 15 }),
        async (blocks, before, sector) => {
          const harness = detecting();
          harness.disk.set(picture(before.join('')));
          const data = picture(blocks.join(''));
          const wanted = harness.disk.slice();
          wanted.set(data, sector * 512);
          const io = await write(harness, sector * 512, data);
          expect([io.state, io.error]).toEqual(['done', 0]);
          expect(Buffer.compare(harness.disk, wanted)).toBe(0);
        },
      ),
      { numRuns: 50 },
    );
  });

  test('fails when a part of it fails', async () => {
    const harness = detecting();
    harness.below.broken = true;
    const io = await write(harness, 0, picture('x000x'));
    expect([io.state, io.error]).toEqual(['done', EIO]);
  });
});

describe('the estimate', () => {
  const text = new TextEncoder().encode('the same words over and over, and '.repeat(400));

  test.each([
    ['nothing', new Uint8Array(), 0, 0],
    ['zeroes', new Uint8Array(4096), 0, 0.05],
    ['text', text, 0.005, 0.1],
    ['noise', randomBytes(16 * KIB), 0.98, 1],
  ])('of %s', (_, data, least, most) => {
    const { input, output } = compressedSize(data);
    const ratio = input === 0 ? 0 : output / input;
    expect(ratio).toBeGreaterThanOrEqual(least);
    expect(ratio).toBeLessThanOrEqual(most);
  });

  test('is of the sampled writes since the last time, and left out without one', async () => {
    const harness = detecting({ sampling: 2 });
    await write(harness, 0, picture('xx'));
    await write(harness, 0, randomBytes(8 * KIB));
    expect(harness.filter.statistics?.().ratio).toBeLessThan(10);
    expect(harness.filter.statistics?.()).not.toHaveProperty('ratio');
  });
});
