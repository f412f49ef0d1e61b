// Says by its first bytes what a disk image is: qcow2, a VMDK with its descriptor inside, a VMDK
// descriptor that names its extent, or raw bytes. What would have its reader open other files than
// those that were given, and what no reader here understands, is refused with the reason.
import { FormatError } from '../format-error.ts';
import { capacitySectors, NO_PARENT, parseDescriptor } from '../vmdk/descriptor.ts';
import { isEmbedded } from '../vmdk/disk-types.ts';
import { descriptorInHead, parseSparseHeader } from '../vmdk/sparse-header.ts';
import { isQcow2, parseQcow2Header } from './qcow2-header.ts';

/** So many bytes from the beginning are enough to look at. */
export const IMAGE_HEAD_BYTES = 128 * 1024;
const SECTOR = 512;
const CAPACITY_BYTES_MAX = 62 * 2 ** 40;

/** How the bytes of one file are to be read. */
export type ImageFormat = 'raw' | 'vmdk' | 'qcow2';

export type ImageInspection =
  | { kind: 'image'; format: ImageFormat; capacityBytes: number; warnings: string[] }
  /** A descriptor alone: its bytes lie in the other file, raw, from its beginning. */
  | { kind: 'descriptor'; extentFileName: string; capacityBytes: number };

/** Formats that are told from raw bytes so that nobody imports them as a disk. */
const OTHERS: readonly { name: string; at: number; magic: string }[] = [
  { name: 'VHDX', at: 0, magic: 'vhdxfile' },
  { name: 'VHD', at: 0, magic: 'conectix' },
  { name: 'VDI', at: 0x40, magic: '\x7f\x10\xda\xbe' },
  { name: 'QED', at: 0, magic: 'QED\0' },
  { name: 'LUKS', at: 0, magic: 'LUKS\xba\xbe' },
  { name: 'VMFS redo log', at: 0, magic: 'COWD' },
  { name: 'gzip', at: 0, magic: '\x1f\x8b' },
  { name: 'xz', at: 0, magic: '\xfd7zXZ' },
  { name: 'zip', at: 0, magic: 'PK\x03\x04' },
];

/**
 * `head` is the first IMAGE_HEAD_BYTES of the file, or all of it. Throws a FormatError that says
 * why the file is refused.
 */
export function inspectImage(head: Uint8Array, sizeBytes: number): ImageInspection {
  if (sizeBytes === 0) throw new FormatError('The file is empty.');
  const text = latin1(head.subarray(0, 64));
  if (isQcow2(head)) {
    const { capacityBytes, snapshots } = parseQcow2Header(head);
    const warnings =
      snapshots > 0 ? [`Of its ${snapshots + 1} states only the present one is imported.`] : [];
    return image('qcow2', capacityBytes, warnings);
  }
  if (text.startsWith('KDMV')) return inspectSparse(head);
  if (/^# *disk descriptorfile/i.test(text)) return inspectDescriptor(head, sizeBytes);
  const other = OTHERS.find(({ at, magic }) => latin1(head.subarray(at)).startsWith(magic));
  if (other) {
    throw new FormatError(`The file is ${other.name}, which cannot be imported as a disk.`);
  }
  return image('raw', sizeBytes, []);
}

function inspectSparse(head: Uint8Array): ImageInspection {
  const header = parseSparseHeader(head);
  const descriptor = parseDescriptor(descriptorInHead(head));
  requireNoParent(descriptor.parentCid);
  if (!isEmbedded(descriptor.createType) || descriptor.extents.length !== 1) {
    throw new FormatError('The extent is a part of a disk that consists of several files.');
  }
  if (capacitySectors(descriptor) !== header.capacitySectors) {
    throw new FormatError('The descriptor and the header do not agree on the size of the disk.');
  }
  return image('vmdk', header.capacitySectors * SECTOR, []);
}

function inspectDescriptor(head: Uint8Array, sizeBytes: number): ImageInspection {
  if (sizeBytes > head.length) throw new FormatError('The descriptor is too large.');
  const descriptor = parseDescriptor(head);
  requireNoParent(descriptor.parentCid);
  const [extent, ...more] = descriptor.extents;
  const isFlat = extent?.type === 'VMFS' || extent?.type === 'FLAT';
  if (!extent || more.length > 0 || !isFlat || extent.offsetSectors !== 0) {
    const message = 'A descriptor must name one flat extent; convert the disk into a single file.';
    throw new FormatError(message);
  }
  const capacityBytes = sizeOf(capacitySectors(descriptor) * SECTOR);
  return { kind: 'descriptor', extentFileName: extent.fileName, capacityBytes };
}

function requireNoParent(parentCid: string): void {
  if (parentCid === NO_PARENT) return;
  throw new FormatError('The disk is the difference to a parent, which is not imported.');
}

function image(format: ImageFormat, bytes: number, warnings: string[]): ImageInspection {
  const capacityBytes = sizeOf(bytes);
  const isRounded = capacityBytes !== bytes;
  const rounded = isRounded ? ['The size was rounded up to whole sectors of 512 bytes.'] : [];
  return { kind: 'image', format, capacityBytes, warnings: [...warnings, ...rounded] };
}

function sizeOf(bytes: number): number {
  if (bytes < 1 || bytes > CAPACITY_BYTES_MAX) {
    throw new FormatError(`A virtual disk cannot have ${bytes} bytes: at most 62 TiB.`);
  }
  return Math.ceil(bytes / SECTOR) * SECTOR;
}

function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes.subarray(0, 64));
}
