// VMFD: a filter's sidecar. Little endian: magic "VMFD", version 1 (u32), length of the contents
// (u32), CRC-32C of the contents (u32), CRC-32C of these 16 bytes (u32), then the contents and
// nothing behind them. docs/formats/sidecar.md.

import { crc32c } from '../../base/crc32c.ts';
import { SIDECAR_BYTES_MAX } from '../../model/limits.ts';
import { FormatError } from '../format-error.ts';

/** "VMFD" as a little-endian number. */
const MAGIC = 0x44464d56;
const VERSION = 1;
const HEADER_BYTES = 20;
/** Largest file, in bytes. */
export const SIDECAR_FILE_BYTES_MAX = HEADER_BYTES + SIDECAR_BYTES_MAX;

/** The file for these contents, which must be within `SIDECAR_BYTES_MAX`. */
export function encodeSidecar(contents: Uint8Array): Uint8Array {
  const file = new Uint8Array(HEADER_BYTES + contents.length);
  const view = new DataView(file.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, VERSION, true);
  view.setUint32(8, contents.length, true);
  view.setUint32(12, crc32c(contents), true);
  view.setUint32(16, crc32c(file.subarray(0, 16)), true);
  file.set(contents, HEADER_BYTES);
  return file;
}

/** The contents, in a buffer of their own. Throws FormatError saying what is wrong. */
export function decodeSidecar(file: Uint8Array): Uint8Array {
  if (file.length < HEADER_BYTES) throw new FormatError('it is shorter than its header');
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  if (view.getUint32(0, true) !== MAGIC) throw new FormatError('it does not begin with VMFD');
  if (view.getUint32(16, true) !== crc32c(file.subarray(0, 16))) {
    throw new FormatError('the checksum of its header is wrong');
  }
  const version = view.getUint32(4, true);
  if (version !== VERSION) throw new FormatError(`it has the version ${version}, not ${VERSION}`);
  const length = view.getUint32(8, true);
  if (length > SIDECAR_BYTES_MAX) throw new FormatError(`it says that it holds ${length} bytes`);
  if (file.length !== HEADER_BYTES + length) {
    throw new FormatError(`it holds ${file.length - HEADER_BYTES} bytes instead of ${length}`);
  }
  const contents = new Uint8Array(file.subarray(HEADER_BYTES));
  if (view.getUint32(12, true) !== crc32c(contents)) {
    throw new FormatError('the checksum of its contents is wrong');
  }
  return contents;
}
