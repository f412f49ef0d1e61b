// The cache's policy: the filter does on a trace what its offline simulation says, and does better
// than LRU on the field's trace, where that is there.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { BlockStore } from '#filters/cache/block-store.ts';
import cache from '#filters/cache/index.ts';
import { FilterHarness } from '#lib/filter-sdk/filter-harness.ts';
import { XorShift } from '#lib/filter-sdk/xor-shift.ts';
import { comparePolicies } from './cache-policy.ts';

const BLOCK = 4096;
const TRACE = path.join(
  ...[import.meta.dirname, '..', '..', '..', 'shared', 'data', 'traces', 'cloudPhysicsIO.vscsi'],
);

/** Half of it on few blocks, a quarter anywhere, a quarter scans. */
function makeTrace(length: number, blocks: number): { block: number; write: boolean }[] {
  const random = new XorShift(5);
  let scan = 0;
  return Array.from({ length }, () => {
    const kind = random.next();
    scan = (scan + 1) % blocks;
    const hot = Math.floor(random.next() ** 4 * blocks);
    const block = kind < 0.5 ? hot : kind < 0.75 ? Math.floor(random.next() * blocks) : scan;
    return { block, write: random.next() < 0.4 };
  });
}

test('the filter answers exactly the reads that the simulation answers', () => {
  const trace = makeTrace(20_000, 2000);
  const harness = new FilterHarness(cache, {
    properties: { sizeMib: 1 },
    sizeBytes: 2000 * BLOCK,
  });
  const store = new BlockStore((1024 * 1024) / BLOCK);
  let expected = 0;
  for (const { block, write } of trace) {
    if (!write && store.find(block) >= 0) expected += 1;
    store.use(block);
    harness.run(write ? 'write' : 'read', block * BLOCK, write ? new Uint8Array(BLOCK) : BLOCK);
  }
  expect(expected).toBeGreaterThan(1000);
  expect(harness.filter.statistics?.()).toMatchObject({
    hits: expected,
    evictions: store.evictions,
  });
});

test.skipIf(!existsSync(TRACE))(
  'on the trace of the field it beats LRU at every size',
  { timeout: 120_000 },
  async () => {
    const [, tenth, fifth, ...rest] = await comparePolicies(TRACE);
    for (const { lru, cache: ratio } of [...rest, tenth, fifth].filter((each) => !!each)) {
      expect(ratio).toBeGreaterThan(lru);
    }
    expect(tenth?.cache).toBeGreaterThanOrEqual(0.18);
    expect(fifth?.cache).toBeGreaterThanOrEqual(0.26);
    expect(fifth?.tables).toBeLessThan(0.01);
  },
);
