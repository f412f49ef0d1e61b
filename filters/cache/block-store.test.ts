// Tests of the block store, its eviction and its tables; of the checksum and the log's format.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BlockStore } from './block-store.ts';
import { BLOCK_BYTES } from './sectors.ts';
import { decodeWarmList, encodeWarmList, rangesOf } from './warm-list.ts';
import { decodeHeader, decodeRecord, encodeHeader, encodeRecord } from './write-back/log-format.ts';
import { makeScratch } from './write-back/scratch-memory.ts';
import { xxh32 } from './write-back/xxh32.ts';

function scan(store: BlockStore, first: number, count: number): void {
  for (let block = first; block < first + count; block++) store.claim(block);
}

describe('the block store', () => {
  test('evicts what was used once before what was used again', () => {
    const store = new BlockStore(20);
    scan(store, 100, 20);
    store.touch(store.find(103));
    scan(store, 200, 15);
    expect(store.find(103)).toBeGreaterThanOrEqual(0);
    expect(store.find(102)).toBe(-1);
    expect(store.evictions).toBe(15);
  });

  test('keeps what is used through a scan ten times its size', () => {
    const store = new BlockStore(100);
    scan(store, 0, 50);
    for (let block = 0; block < 50; block++) store.touch(store.find(block));
    scan(store, 1000, 1000);
    const kept = Array.from({ length: 50 }, (_, block) => store.find(block) >= 0);
    expect(kept.filter(Boolean).length).toBe(50);
  });

  test('remembers what it has evicted, and keeps it when it comes back', () => {
    const store = new BlockStore(100);
    scan(store, 0, 150);
    expect(store.find(0)).toBe(-1);
    store.claim(0);
    scan(store, 1000, 99);
    expect(store.find(0)).toBeGreaterThanOrEqual(0);
    expect(store.find(149)).toBe(-1);
  });

  test('never evicts what is dirty, pinned or kept, and says when there is nothing else', () => {
    const store = new BlockStore(3, { writeBack: true });
    store.dirty[store.claim(1)] = 1;
    store.pin(store.claim(2));
    store.claim(3);
    expect(store.claim(4, (block) => block === 3)).toBe(-1);
    expect([1, 2, 3].every((block) => store.find(block) >= 0)).toBe(true);
    expect(store.claim(4)).toBeGreaterThanOrEqual(0);
    expect(store.find(3)).toBe(-1);
  });

  test('takes less than one part in a hundred for its tables', () => {
    const store = new BlockStore(65_536, { writeBack: true });
    expect(store.tableBytes).toBeLessThan(0.01 * 65_536 * BLOCK_BYTES);
  });

  test('agrees with a map about what it holds, and tells apart blocks beyond 32 bits', () => {
    const block = fc.oneof(
      fc.nat(40),
      fc.nat(40).map((low) => low + 2 ** 33),
    );
    const action = fc.record({ block, visit: fc.boolean() });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.array(action), (capacity, actions) => {
        const store = new BlockStore(capacity);
        for (const { block: number, visit } of actions) {
          const slot = store.claim(number);
          expect(store.find(number)).toBe(slot);
          expect(store.blockOf(slot)).toBe(number);
          store.copyIn(slot, 0, new Uint8Array(new Float64Array([number]).buffer));
          if (visit) store.touch(slot);
          expect(store.size).toBeLessThanOrEqual(capacity);
          const held = actions.filter((other) => store.find(other.block) >= 0);
          for (const other of held) {
            const bytes = store.bytesOf(store.find(other.block), 0, 8).slice();
            expect(new Float64Array(bytes.buffer)[0]).toBe(other.block);
          }
        }
      }),
    );
  });
});

describe('the formats', () => {
  test('XXH32 as its specification has it', () => {
    expect(xxh32(new Uint8Array(0))).toBe(0x02cc5d05);
    const of = (text: string) => xxh32(new Uint8Array([...text].map((c) => c.charCodeAt(0))));
    expect(of('abcd')).toBe(0xa3643705);
    expect(of('abcdefghijklmnop')).toBe(0x9d2d8b62);
  });

  test('XXH32 of scratch memory is the same, wherever it lies', () => {
    const { bytes, checksum } = makeScratch(4096);
    const words = fc.nat(200);
    fc.assert(
      fc.property(
        words,
        words,
        fc.uint8Array({ minLength: 1024, maxLength: 1024 }),
        (from, n, data) => {
          bytes.fill(255);
          bytes.set(data, from * 4);
          expect(checksum(from * 4, n * 4)).toBe(xxh32(data.subarray(0, n * 4)));
        },
      ),
    );
  });

  test('a header and a record come back, and not when a bit of them has changed', () => {
    const header = { generation: 3, life: 2, sequence: 2 ** 40 + 5, position: 2 ** 41 };
    const record = { kind: 1, life: 2, sequence: 9, offset: 2 ** 43, length: 4096, checksum: 7 };
    const first = new Uint8Array(4096);
    const second = new Uint8Array(512);
    encodeHeader(header, first);
    encodeRecord({ ...record, kind: 1 }, second);
    expect(decodeHeader(first)).toEqual(header);
    expect(decodeRecord(second)).toEqual(record);
    fc.assert(
      fc.property(fc.nat(47), fc.nat(7), (at, bit) => {
        const [a, b] = [first.slice(), second.slice()];
        a[at] = (a[at] ?? 0) ^ (1 << bit);
        b[at] = (b[at] ?? 0) ^ (1 << bit);
        expect(decodeHeader(a)).toBeNull();
        expect(decodeRecord(b)).toBeNull();
      }),
    );
  });

  test('a warm list comes back in order, and nothing from what is none', () => {
    expect(decodeWarmList(encodeWarmList([8192, -512, 0]))).toEqual([-512, 0, 8192]);
    expect(decodeWarmList(new Uint8Array(64))).toEqual([]);
    expect(decodeWarmList(null)).toEqual([]);
    const sizes = { blockBytes: 4096, longest: 8192, sizeBytes: 20_480 };
    expect(rangesOf([-512, 3584, 7680, 12_288, 16_384], sizes)).toEqual([
      { offset: 0, length: 7680 },
      { offset: 7680, length: 4096 },
      { offset: 12_288, length: 8192 },
    ]);
  });
});
