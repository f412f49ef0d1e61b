// Writes dirty blocks down to the storage: in the order of their offsets, neighbours in one write,
// a few writes at a time.
import type { BelowIo } from '#lib/filter-sdk/filter.ts';
import type { BlockStore } from '../block-store.ts';
import { BLOCK_BYTES, lowest, maskOf, runEnd, SECTOR_BYTES } from '../sectors.ts';

const WRITE_BYTES_MAX = 1024 * 1024;
const WRITES_AT_ONCE = 8;

/** Sectors of one block within a write. */
interface Part {
  slot: number;
  /** In bytes from the block's begin. */
  from: number;
  length: number;
}

interface Run {
  /** From where block 0 begins. */
  place: number;
  length: number;
  parts: Part[];
}

export interface DestageOptions {
  store: BlockStore;
  below: BelowIo;
  /** Where the disk begins, in bytes from where block 0 does. */
  shift: number;
  slots: readonly number[];
}

/**
 * Returns the bytes that it wrote, not yet durable. Throws the first error when all has ended; what
 * was written by then is not known, and must be marked as dirty again. The slots must be pinned.
 * One call at a time.
 */
export async function destage(options: DestageOptions): Promise<number> {
  const { store, slots } = options;
  const runs = plan(store, slots);
  // What the guest writes from here on is dirty again, and goes down once more, also where the run
  // has not begun.
  for (const slot of slots) store.dirty[slot] = 0;
  let next = 0;
  let bytes = 0;
  let failure: unknown = null;
  const lane = async (): Promise<void> => {
    for (let run = runs[next++]; run !== undefined && failure === null; run = runs[next++]) {
      try {
        await write(run, options);
        bytes += run.length;
      } catch (thrown) {
        failure = thrown;
      }
    }
  };
  await Promise.all(Array.from({ length: WRITES_AT_ONCE }, lane));
  if (failure !== null) throw failure;
  return bytes;
}

function plan(store: BlockStore, slots: readonly number[]): Run[] {
  const sorted = slots.map((slot) => ({ slot, block: store.blockOf(slot) }));
  sorted.sort((a, b) => a.block - b.block);
  const runs: Run[] = [];
  for (const { slot, block } of sorted) {
    for (let rest = store.dirty[slot] ?? 0; rest !== 0; ) {
      const first = lowest(rest);
      const end = runEnd(rest, first);
      rest &= ~maskOf(first, end);
      const from = first * SECTOR_BYTES;
      const part = { slot, from, length: (end - first) * SECTOR_BYTES };
      addTo(runs, block * BLOCK_BYTES + from, part);
    }
  }
  return runs;
}

function addTo(runs: Run[], place: number, part: Part): void {
  const last = runs.at(-1);
  const joins = last !== undefined && last.place + last.length === place;
  if (joins && last.length + part.length <= WRITE_BYTES_MAX) {
    last.parts.push(part);
    last.length += part.length;
    return;
  }
  runs.push({ place, length: part.length, parts: [part] });
}

async function write(run: Run, { store, below, shift }: DestageOptions): Promise<void> {
  const data = new Uint8Array(run.length);
  let at = 0;
  for (const { slot, from, length } of run.parts) {
    data.set(store.bytesOf(slot, from, length), at);
    at += length;
  }
  await below.write(run.place - shift, data);
}
