// The cache's eviction against plain LRU on a vSCSI trace: the share of block accesses, reads and
// writes, that find their block, at several sizes of the cache in parts of what the trace touches.
import { createReadStream } from 'node:fs';
import { BlockStore } from '#filters/cache/block-store.ts';
import { readVscsi } from '#lib/formats/vscsi/vscsi.ts';
import { SECTOR_BYTES } from '#lib/model/limits.ts';

const BLOCK_SECTORS = 8;
const PARTS = [0.05, 0.1, 0.2, 0.4] as const;

export interface PolicyResult {
  /** Of the footprint. */
  part: number;
  blocks: number;
  lru: number;
  cache: number;
  /** With blocks that begin where most of the guest's I/Os do. */
  aligned: number;
  /** Memory of the tables, of the cache's size. */
  tables: number;
}

/** Prints a row for each size. */
export async function benchPolicy(path: string, print: (line: string) => void): Promise<void> {
  print('\nhit ratio on a trace: LRU, the cache, the cache with blocks as the guest aligns them');
  for (const { part, blocks, lru, cache, aligned, tables } of await comparePolicies(path)) {
    const size = `${(part * 100).toFixed(0)} % (${blocks} blocks)`.padEnd(22);
    const ratios = [lru, cache, aligned].map((ratio) => ratio.toFixed(3)).join('  ');
    print(`  ${size} ${ratios}   tables ${(tables * 100).toFixed(2)} %`);
  }
}

export async function comparePolicies(path: string): Promise<PolicyResult[]> {
  const ios: { lbn: number; sectors: number }[] = [];
  for await (const { operation, lbn, lengthBytes } of readVscsi(createReadStream(path))) {
    const sectors = Math.ceil(lengthBytes / SECTOR_BYTES);
    if (operation !== 'other' && sectors > 0) ios.push({ lbn, sectors });
  }
  const plain = accessesOf(ios, 0);
  const shifted = accessesOf(ios, shiftOf(ios));
  const footprint = new Set(plain).size;
  return PARTS.map((part) => {
    const blocks = Math.round(footprint * part);
    const cache = storeRatio(plain, blocks);
    const aligned = storeRatio(shifted, blocks).ratio;
    return {
      ...{ part, blocks, aligned },
      lru: lruRatio(plain, blocks),
      cache: cache.ratio,
      tables: cache.tables,
    };
  });
}

function accessesOf(ios: readonly { lbn: number; sectors: number }[], shift: number): number[] {
  const accesses: number[] = [];
  for (const { lbn, sectors } of ios) {
    const last = Math.floor((lbn + shift + sectors - 1) / BLOCK_SECTORS);
    for (let block = Math.floor((lbn + shift) / BLOCK_SECTORS); block <= last; block++) {
      accesses.push(block);
    }
  }
  return accesses;
}

/** Sectors to add so that most I/Os begin at a block's begin. */
function shiftOf(ios: readonly { lbn: number }[]): number {
  const starts = new Array<number>(BLOCK_SECTORS).fill(0);
  for (const { lbn } of ios) {
    const phase = lbn % BLOCK_SECTORS;
    starts[phase] = (starts[phase] ?? 0) + 1;
  }
  const phase = starts.indexOf(Math.max(...starts));
  return (BLOCK_SECTORS - phase) % BLOCK_SECTORS;
}

function storeRatio(
  accesses: readonly number[],
  blocks: number,
): { ratio: number; tables: number } {
  const store = new BlockStore(blocks, { writeBack: true });
  let hits = 0;
  for (const block of accesses) {
    if (store.find(block) >= 0) hits += 1;
    store.use(block);
  }
  return { ratio: hits / accesses.length, tables: store.tableBytes / (blocks * 4096) };
}

function lruRatio(accesses: readonly number[], blocks: number): number {
  /** When each was used last; what stands earlier in the order of uses is passed over. */
  const lastUse = new Map<number, number>();
  let hits = 0;
  let oldest = 0;
  for (const [now, block] of accesses.entries()) {
    if (lastUse.has(block)) hits += 1;
    lastUse.set(block, now);
    for (; lastUse.size > blocks; oldest++) {
      const candidate = accesses[oldest] ?? 0;
      if (lastUse.get(candidate) === oldest) lastUse.delete(candidate);
    }
  }
  return hits / accesses.length;
}
