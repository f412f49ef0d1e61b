// Copies a range of one backing into another. Zeroes are not written where the target reads as
// zeroes anyway, so that a thin copy stays thin.
import type { Backing } from './backing.ts';
import { readBacking, writeBacking, zeroBacking } from './backing-io.ts';

/** Zeroes are looked for in units of this, in bytes. */
const UNIT_BYTES = 64 * 1024;
const ZEROES = Buffer.alloc(UNIT_BYTES);

export interface RangeRequest {
  source: Backing;
  target: Backing;
  offset: number;
  /** In bytes; all of it is held in memory. */
  length: number;
  targetIsZero: boolean;
}

export interface RangeResult {
  /** Written to the target. */
  bytes: number;
  /** 0, or the error number of the place that failed. */
  sourceError: number;
  targetError: number;
}

export type RangeCopier = (request: RangeRequest) => Promise<RangeResult>;

/**
 * Reads a range unless it is known to be zeroes, writes what of it is not, and zeroes where the
 * target has others.
 */
export const copyRange: RangeCopier = async (request) => {
  const { source, target, offset, length, targetIsZero } = request;
  if (((await source.zeroesFrom?.(offset, length)) ?? 0) === length) {
    const targetError = targetIsZero ? 0 : await zeroBacking(target, offset, length);
    return { bytes: 0, sourceError: 0, targetError };
  }
  const buffer = Buffer.allocUnsafeSlow(length);
  const sourceError = await readBacking(source, offset, buffer);
  if (sourceError !== 0) return { bytes: 0, sourceError, targetError: 0 };
  let bytes = 0;
  let at = 0;
  for (const [from, to] of [...dataRuns(buffer), [length, length] as const]) {
    let targetError = 0;
    // As holes where the target can.
    if (from > at && !targetIsZero) targetError = await zeroBacking(target, offset + at, from - at);
    if (targetError === 0 && to > from) {
      targetError = await writeBacking(target, offset + from, buffer.subarray(from, to));
    }
    if (targetError !== 0) return { bytes, sourceError: 0, targetError };
    bytes += to - from;
    at = to;
  }
  return { bytes, sourceError: 0, targetError: 0 };
};

/**
 * Lets the guest's I/O have its turn: small reads and writes answer at once, so that a copy made of
 * them would never leave the thread by itself.
 */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** The runs of units that hold something else than zeroes, as [first byte, one after the last]. */
function dataRuns(buffer: Buffer): [number, number][] {
  const runs: [number, number][] = [];
  for (let at = 0; at < buffer.length; at += UNIT_BYTES) {
    const end = Math.min(at + UNIT_BYTES, buffer.length);
    if (buffer.compare(ZEROES, 0, end - at, at, end) === 0) continue;
    const last = runs.at(-1);
    if (last?.[1] === at) last[1] = end;
    else runs.push([at, end]);
  }
  return runs;
}
