// Copies a whole backing that nobody writes to into another, a few steps at a time.
import { assert } from '#lib/base/assert.ts';
import { Fault } from '#lib/model/fault.ts';
import type { Backing } from './backing.ts';
import { copyRange, nextTurn, type RangeCopier, type RangeResult } from './copy-range.ts';
import { sourceFault, targetFault } from './mirror-backing.ts';

const STEP_BYTES = 1024 * 1024;
/** Steps at the same time: one reads while another writes. */
const STEPS_IN_FLIGHT = 4;

export interface CopyRequest {
  source: Backing;
  /** As large as the source. */
  target: Backing;
  /** The target reads as zeroes everywhere, so that zeroes need not be copied. */
  targetIsZero: boolean;
  signal?: AbortSignal;
  onProgress?: (doneBytes: number, totalBytes: number) => void;
  /** Copies a step in another way than reading all of it. */
  copier?: RangeCopier;
}

/**
 * Copies everything and makes it durable; resolves with the bytes written. Throws
 * `RequestCanceled`, `NoDiskSpace` or `FileFault`; then the target holds a part.
 */
export async function copyBacking(request: CopyRequest): Promise<number> {
  const { source, target, signal, onProgress } = request;
  const total = source.sizeBytes;
  assert(target.sizeBytes === total, 'a copy is as large as its original');
  let next = 0;
  let done = 0;
  let bytes = 0;
  let failed = false;
  const worker = async (): Promise<void> => {
    while (next < total && !failed) {
      requireWanted(signal);
      const offset = next;
      next = Math.min(next + STEP_BYTES, total);
      const length = next - offset;
      const known = await leftOut(request, offset);
      if (known > length) {
        // Whatever the others have begun meanwhile lies in it too, or behind it.
        const skipped = Math.max(offset + known - next, 0);
        next += skipped;
        done += skipped;
      }
      const result = await copyStep(request, offset, length);
      bytes += result.bytes;
      done += length;
      onProgress?.(done, total);
      await nextTurn();
    }
  };
  const workers = Array.from({ length: STEPS_IN_FLIGHT }, () =>
    worker().catch((thrown: unknown) => {
      failed = true;
      throw thrown;
    }),
  );
  // All have ended before the caller may close anything.
  const ends = await Promise.allSettled(workers);
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  requireWanted(signal);
  const error = await target.flush();
  if (error !== 0) throw targetFault(error);
  return bytes;
}

/** From there on nothing need be copied: zeroes, where the target has the same. */
async function leftOut(
  { source, targetIsZero, copier }: CopyRequest,
  offset: number,
): Promise<number> {
  if (!targetIsZero || copier !== undefined) return 0;
  return (await source.zeroesFrom?.(offset, source.sizeBytes - offset)) ?? 0;
}

async function copyStep(
  { source, target, targetIsZero, copier = copyRange }: CopyRequest,
  offset: number,
  length: number,
): Promise<RangeResult> {
  const result = await copier({ source, target, offset, length, targetIsZero });
  if (result.sourceError !== 0) throw sourceFault(result.sourceError);
  if (result.targetError !== 0) throw targetFault(result.targetError);
  return result;
}

function requireWanted(signal: AbortSignal | undefined): void {
  if (!signal?.aborted) return;
  throw new Fault('RequestCanceled', 'The copy of the virtual disk was cancelled.');
}
