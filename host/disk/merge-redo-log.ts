// Merges a redo log into its parent while the guest works above it. What a log has hides what its
// parent has, so writing the log's data into the parent changes nothing that anybody reads, at any
// moment and however often: a merge that was cut off is simply begun again. Afterwards the log can
// go. A log that the guest writes to is merged by a mirror: new writes go to both.
import type { VmdkDescriptor } from '#lib/formats/vmdk/descriptor.ts';
import { readDescriptor, writeDescriptor } from '../datastore/descriptor-file.ts';
import { copyBacking } from './copy-backing.ts';
import { copyRange, nextTurn, type RangeCopier } from './copy-range.ts';
import type { DiskFiles } from './extent-file.ts';
import { MirrorBacking } from './mirror-backing.ts';
import type { RedoLog } from './redo-log.ts';
import { hintFor } from './snapshot-files.ts';

/** Runs of sectors that are copied before the guest has its turn. */
const RUNS_PER_TURN = 32;

export interface MergeRequest {
  /** Nobody writes to it; its parent has no other child. */
  frozen: RedoLog;
  signal?: AbortSignal;
  onProgress?: (doneBytes: number, totalBytes: number) => void;
}

/**
 * Copies what a frozen redo log has into its parent, and makes that durable. Resolves with the
 * bytes copied. Throws as `copyBacking` does; then all is as it was for every reader, and it can be
 * called again.
 */
export function mergeRedoLog({ frozen, ...options }: MergeRequest): Promise<number> {
  return copyBacking({
    ...options,
    source: frozen,
    target: frozen.parent,
    targetIsZero: false,
    copier: copyOwnGrains(frozen),
  });
}

/**
 * A mirror to put in the place of a running redo log, while nothing is in flight, to merge it into
 * its parent, which has no other child. When `copy` has ended, and after `finish` while nothing is
 * in flight, the parent holds the disk and takes its place; the log is then closed with `closeOwn`.
 */
export function mirrorForMerge(top: RedoLog, onBroken?: (errno: number) => void): MirrorBacking {
  return new MirrorBacking({
    source: top,
    target: top.parent,
    targetIsZero: false,
    copier: copyOwnGrains(top),
    ...(onBroken && { onBroken }),
  });
}

export interface DropRequest {
  childDescriptorPath: string;
  /** The parent of the layer that goes. */
  parentDescriptorPath: string;
  files: DiskFiles;
}

/**
 * Takes a merged layer out of a chain: the child names its grandparent from then on, durably and in
 * one step. The files of the layer can then be removed. Returns the child's new descriptor.
 */
export async function dropLayer(request: DropRequest): Promise<VmdkDescriptor> {
  const { childDescriptorPath, parentDescriptorPath, files } = request;
  const child = await readDescriptor(childDescriptorPath, files);
  const parent = await readDescriptor(parentDescriptorPath, files);
  const changed = {
    ...child,
    parentCid: parent.cid,
    parentFileNameHint: hintFor(parentDescriptorPath, childDescriptorPath),
  };
  await writeDescriptor(childDescriptorPath, changed, files);
  return changed;
}

/** Copies of a range only what the log itself has. */
export function copyOwnGrains(log: RedoLog): RangeCopier {
  return async (request) => {
    const end = request.offset + request.length;
    let bytes = 0;
    let runs = 0;
    for (let at = request.offset; at < end; ) {
      runs += 1;
      if (runs % RUNS_PER_TURN === 0) await nextTurn();
      const run = await log.nextAllocated(at, end);
      if (typeof run === 'number') return { bytes, sourceError: run, targetError: 0 };
      if (run === null) break;
      const result = await copyRange({ ...request, ...run });
      bytes += result.bytes;
      if (result.sourceError !== 0 || result.targetError !== 0) return { ...result, bytes };
      at = run.offset + run.length;
    }
    return { bytes, sourceError: 0, targetError: 0 };
  };
}
