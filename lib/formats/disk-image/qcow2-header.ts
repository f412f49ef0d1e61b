// qcow2, versions 2 and 3, big endian: a header of 72 or 104 and more bytes that says how large the
// disk is and what else the file needs. Only the header is read here; docs/formats/import.md.
import { FormatError } from '../format-error.ts';

const VERSION_2_BYTES = 72;
const VERSION_3_BYTES = 104;
const CLUSTER_BITS_MIN = 9;
const CLUSTER_BITS_MAX = 21;
/** Incompatible features by bit. */
const CORRUPT = 1n << 1n;
const EXTERNAL_DATA = 1n << 2n;
/** Not shut down cleanly, corrupt, external data, zstd clusters, extended table entries. */
const KNOWN_FEATURES = 0b11111n;

export interface Qcow2Header {
  /** Size of the disk in bytes. */
  capacityBytes: number;
  /** Snapshots inside the file: states of the disk besides the present one. */
  snapshots: number;
}

/** Whether a file begins as qcow2 does. */
export function isQcow2(head: Uint8Array): boolean {
  return head[0] === 0x51 && head[1] === 0x46 && head[2] === 0x49 && head[3] === 0xfb;
}

/**
 * Throws a FormatError for what is damaged, encrypted, or would have its reader open other files.
 */
export function parseQcow2Header(head: Uint8Array): Qcow2Header {
  if (!isQcow2(head)) throw new FormatError('The image does not begin with QFI.');
  if (head.length < VERSION_2_BYTES) throw new FormatError('The qcow2 header is cut off.');
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const version = view.getUint32(4);
  if (version !== 2 && version !== 3) {
    throw new FormatError(`qcow2 of version ${version} is not supported.`);
  }
  if (view.getBigUint64(8) !== 0n || view.getUint32(16) !== 0) {
    throw new FormatError('The image has a backing file: it is the difference to another image.');
  }
  const clusterBits = view.getUint32(20);
  if (clusterBits < CLUSTER_BITS_MIN || clusterBits > CLUSTER_BITS_MAX) {
    throw new FormatError(`Clusters of 2^${clusterBits} bytes cannot be.`);
  }
  if (view.getUint32(32) !== 0) throw new FormatError('The image is encrypted.');
  if (version === 3) checkFeatures(view);
  const capacity = view.getBigUint64(24);
  if (capacity > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new FormatError('The image says that it is larger than a disk can be.');
  }
  return { capacityBytes: Number(capacity), snapshots: view.getUint32(60) };
}

function checkFeatures(view: DataView): void {
  if (view.byteLength < VERSION_3_BYTES) throw new FormatError('The qcow2 header is cut off.');
  const features = view.getBigUint64(72);
  if ((features & EXTERNAL_DATA) !== 0n) {
    throw new FormatError('The image keeps its data in another file.');
  }
  if ((features & CORRUPT) !== 0n) throw new FormatError('The image is marked as corrupt.');
  if ((features & ~KNOWN_FEATURES) !== 0n) {
    throw new FormatError('The image needs features of qcow2 that are not known.');
  }
}
