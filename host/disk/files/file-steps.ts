// Steps on an extent's file as promises that fail with a fault.
import { errnoName, NBD_ERRORS } from '#lib/formats/nbd/errno.ts';
import { Fault } from '#lib/model/fault.ts';
import type { Done, ExtentFile } from '../extent-file.ts';
import { zeroLater } from './zero-range.ts';

/** Zeroes are written in steps of this, in bytes, so that they can be cancelled between. */
const ZERO_STEP_BYTES = 16 * 1024 * 1024;

/** Does one step. Throws `NoDiskSpace` or `FileFault`. */
export async function step(file: ExtentFile, work: (done: Done) => void): Promise<void> {
  const error = await new Promise<number>((resolve) => work(resolve));
  if (error === 0) return;
  if (error === NBD_ERRORS.ENOSPC) {
    throw new Fault('NoDiskSpace', `The datastore has no space for ${file.path}.`);
  }
  throw new Fault('FileFault', `The file ${file.path} cannot be written: ${errnoName(error)}.`);
}

export interface FillRequest {
  file: ExtentFile;
  position: number;
  length: number;
  signal?: AbortSignal;
  onProgress?: (doneBytes: number, totalBytes: number) => void;
}

/** Writes zeroes. Throws `NoDiskSpace`, `FileFault` or `RequestCanceled`. */
export async function fillWithZeroes(request: FillRequest): Promise<void> {
  const { file, position, length, signal, onProgress } = request;
  for (let at = 0; at < length; ) {
    if (signal?.aborted) {
      throw new Fault('RequestCanceled', `Writing zeroes to ${file.path} was cancelled.`);
    }
    const part = Math.min(ZERO_STEP_BYTES, length - at);
    await step(file, (done) => zeroLater({ file, position: position + at, length: part }, done));
    at += part;
    onProgress?.(at, length);
  }
}

/**
 * Takes space for a range that reads as zeroes: at once where the file system can, else by writing
 * them. Throws as `fillWithZeroes` does.
 */
export async function reserveSpace(request: FillRequest): Promise<void> {
  const { file, position, length } = request;
  if (length === 0) return;
  const reserved = await new Promise<boolean>((resolve) => file.reserve(position, length, resolve));
  if (!reserved) await fillWithZeroes(request);
}
