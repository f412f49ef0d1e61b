// Copies a range of one backing into another. Zeroes are not written where the target reads as
// zeroes anyway, so that a thin copy stays thin.
import type { Backing } from './backing.ts';
import { readBacking, writeBacking } from './backing-io.ts';

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

/** Reads a range and writes it, or what of it is not zeroes. */
export const copyRange: RangeCopier = async (request) => {
  const { source, target, offset, length, targetIsZero } = request;
  const buffer = Buffer.allocUnsafeSlow(length);
  const sourceError = await readBacking(source, offset, buffer);
  if (sourceError !== 0) return { bytes: 0, sourceError, targetError: 0 };
  let bytes = 0;
  for (const [from, to] of targetIsZero ? dataRuns(buffer) : [[0, length] as const]) {
    const targetError = await writeBacking(target, offset + from, buffer.subarray(from, to));
    if (targetError !== 0) return { bytes, sourceError: 0, targetError };
    bytes += to - from;
  }
  return { bytes, sourceError: 0, targetError: 0 };
};

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
