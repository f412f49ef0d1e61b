// Which parts of a file read as zeroes, for base:allocation. Node cannot ask the file system for
// holes, so the bytes themselves are looked at, a bounded stretch a call; a file without any block
// is known at once.
import { STATE_HOLE, STATE_ZERO } from '#lib/formats/nbd/constants.ts';
import type { StatusExtent } from '#lib/formats/nbd/transmission.ts';
import type { FileRange } from './zero-range.ts';

/** Looked at in one call, in bytes; the client asks again for the rest. */
const SCAN_BYTES_MAX = 32 * 1024 * 1024;
const CHUNK_BYTES = 1024 * 1024;
/** Runs of zeroes shorter than this count as data, in bytes. */
const GRAIN_BYTES = 64 * 1024;
const ZEROES = Buffer.alloc(GRAIN_BYTES);

/**
 * Status from the start of the range on, for all of it or less. An error number when it cannot be
 * read.
 */
export async function fileStatus(range: FileRange): Promise<StatusExtent[] | number> {
  const { file } = range;
  if ((await file.allocatedBytes()) === 0)
    return [{ length: range.length, flags: STATE_HOLE | STATE_ZERO }];
  const extents: StatusExtent[] = [];
  const scanned = Math.min(range.length, SCAN_BYTES_MAX);
  const buffer = Buffer.allocUnsafeSlow(Math.min(scanned, CHUNK_BYTES));
  for (let done = 0; done < scanned; ) {
    const length = Math.min(buffer.length, scanned - done);
    const transfer = { buffer, start: 0, length, position: range.position + done };
    const error = await new Promise<number>((resolve) => file.readLater(transfer, resolve));
    if (error !== 0) return error;
    classify(buffer.subarray(0, length), extents);
    done += length;
  }
  return extents;
}

/** Adds an extent, joined with the last one when both are alike. */
export function appendExtent(extents: StatusExtent[], length: number, flags: number): void {
  const last = extents.at(-1);
  if (last?.flags === flags) last.length += length;
  else extents.push({ length, flags });
}

function classify(bytes: Buffer, extents: StatusExtent[]): void {
  for (let at = 0; at < bytes.length; at += GRAIN_BYTES) {
    const end = Math.min(at + GRAIN_BYTES, bytes.length);
    const zero = bytes.compare(ZEROES, 0, end - at, at, end) === 0;
    appendExtent(extents, end - at, zero ? STATE_ZERO : 0);
  }
}
