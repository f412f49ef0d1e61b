// The write-back log in a flash file. Little endian. Two headers of 4096 bytes, of which the newest
// whole one counts, then a ring of records: 512 bytes, and the data behind them. docs/adr/0017.
import { xxh32 } from './xxh32.ts';

export const HEADER_BYTES = 4096;
/** Where the ring begins. */
export const RING_START = 2 * HEADER_BYTES;
export const RECORD_BYTES = 512;
/** Longest data of one record. */
export const DATA_BYTES_MAX = 1024 * 1024;

const FORMAT = 1;
const HEADER_MAGIC = 0x474f4c53;
const RECORD_MAGIC = 0x43455253;
const HEADER_USED = 48;
const RECORD_USED = 48;

/** Data of the guest; a range whose earlier records are void; go on at the begin of the ring. */
export const DATA = 1;
export const VOID = 2;
export const SKIP = 3;
export type RecordKind = typeof DATA | typeof VOID | typeof SKIP;

export interface LogHeader {
  /** Grows with each header that is written. */
  generation: number;
  /** Grows each time the log is opened. */
  life: number;
  /** The first record that counts: its number, and its place if the ring were endless. */
  sequence: number;
  position: number;
}

export interface LogRecord {
  kind: RecordKind;
  life: number;
  sequence: number;
  /** On the disk, in bytes. */
  offset: number;
  length: number;
  /** Of the data; 0 without any. */
  checksum: number;
}

/** `target` is of HEADER_BYTES. */
export function encodeHeader(header: LogHeader, target: Uint8Array): void {
  const view = viewOf(target);
  target.fill(0);
  view.setUint32(0, HEADER_MAGIC, true);
  view.setUint32(4, FORMAT, true);
  setNumber(view, 8, header.generation);
  setNumber(view, 16, header.life);
  setNumber(view, 24, header.sequence);
  setNumber(view, 32, header.position);
  view.setUint32(HEADER_USED - 4, xxh32(target.subarray(0, HEADER_USED - 4)), true);
}

/** Null when it is none, of another format, or not whole. */
export function decodeHeader(bytes: Uint8Array): LogHeader | null {
  const view = viewOf(bytes);
  if (view.getUint32(0, true) !== HEADER_MAGIC || view.getUint32(4, true) !== FORMAT) return null;
  const checksum = view.getUint32(HEADER_USED - 4, true);
  if (checksum !== xxh32(bytes.subarray(0, HEADER_USED - 4))) return null;
  return {
    generation: getNumber(view, 8),
    life: getNumber(view, 16),
    sequence: getNumber(view, 24),
    position: getNumber(view, 32),
  };
}

/** Into the first RECORD_BYTES of `target`. */
export function encodeRecord(record: LogRecord, target: Uint8Array): void {
  const view = viewOf(target);
  view.setUint32(0, RECORD_MAGIC, true);
  view.setUint32(4, record.kind, true);
  setNumber(view, 8, record.life);
  setNumber(view, 16, record.sequence);
  setNumber(view, 24, record.offset);
  setNumber(view, 32, record.length);
  view.setUint32(40, record.checksum, true);
  view.setUint32(RECORD_USED - 4, xxh32(target.subarray(0, RECORD_USED - 4)), true);
}

/** Null when it is none or not whole. */
export function decodeRecord(bytes: Uint8Array): LogRecord | null {
  const view = viewOf(bytes);
  if (view.getUint32(0, true) !== RECORD_MAGIC) return null;
  if (view.getUint32(RECORD_USED - 4, true) !== xxh32(bytes.subarray(0, RECORD_USED - 4))) {
    return null;
  }
  const kind = view.getUint32(4, true);
  if (kind !== DATA && kind !== VOID && kind !== SKIP) return null;
  return {
    kind,
    life: getNumber(view, 8),
    sequence: getNumber(view, 16),
    offset: getNumber(view, 24),
    length: getNumber(view, 32),
    checksum: view.getUint32(40, true),
  };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** Whole numbers up to 2^53 in eight bytes. */
function setNumber(view: DataView, at: number, value: number): void {
  view.setUint32(at, value % 2 ** 32, true);
  view.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
}

function getNumber(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
}
