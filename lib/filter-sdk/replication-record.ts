// A replication record: one change of a disk as a replication filter sends it and as a target's
// journal keeps it. Little endian: magic "SLRR", kind (u8), three bytes of zeroes, session (u32),
// length (u32), sequence (u64), time (u64, microseconds since the Unix epoch), offset (u64),
// CRC-32C of the payload (u32), CRC-32C of these 44 bytes (u32), then the payload: the bytes of a
// write, the name of a mark, nothing else. docs/formats/journal.md.
import { crc32c } from '../base/crc32c.ts';

export const RECORD_HEADER_BYTES = 48;
/** A longer write is sent as several records. */
export const RECORD_PAYLOAD_BYTES_MAX = 1024 * 1024;
/** Of a mark, in bytes of UTF-8. */
const NAME_BYTES_MAX = 1024;

/** "SLRR" as a little-endian number. */
const MAGIC = 0x52524c53;
const CRC_AT = 44;
const HIGH = 2 ** 32;
/** As the offset of `resyncBegin`: all of the disk is sent, whatever the copy had before. */
export const RESYNC_OF_ALL = 1;
/** The kinds by their numbers; 0 is none. */
const KINDS = [
  null,
  'write',
  'trim',
  'writeZeroes',
  'grow',
  'mark',
  'resyncBegin',
  'resyncEnd',
] as const;
const NUMBERS = new Map(KINDS.map((kind, number) => [kind, number]));

/**
 * `grow`: the offset is the new size. `mark`: a moment with a name. From `resyncBegin` to
 * `resyncEnd` the writes bring the copy up to date in any order, so that no moment between is one
 * that the disk was in.
 */
export type RecordKind = Exclude<(typeof KINDS)[number], null>;

export interface RecordHeader {
  kind: RecordKind;
  /** Counts the openings of the disk at the source. */
  session: number;
  /** Of a write and what else has a range, in bytes; of a mark, of its name. */
  length: number;
  /** Grows with every record of a disk, over all sessions. */
  sequence: number;
  /** Wall time of the source in microseconds since the Unix epoch; it may step. */
  timeUs: number;
  /** In bytes. */
  offset: number;
  payloadCrc: number;
}

/** What a reader throws on bytes that are no record. */
export class RecordError extends Error {
  override readonly name = 'RecordError';
}

/** How many bytes follow the header. */
export function payloadBytes({ kind, length }: Pick<RecordHeader, 'kind' | 'length'>): number {
  return kind === 'write' || kind === 'mark' ? length : 0;
}

/** The record as bytes. The payload is as long as `payloadBytes` says. */
export function encodeRecord(
  record: Omit<RecordHeader, 'payloadCrc'>,
  payload: Uint8Array = new Uint8Array(0),
): Uint8Array {
  const bytes = new Uint8Array(RECORD_HEADER_BYTES + payload.length);
  writeRecord(bytes, 0, record, payload);
  sealRecord(bytes, 0);
  return bytes;
}

/**
 * Writes a record without its checksums, and returns where it ends. Who sends it on must seal it:
 * what it costs to check all data is not to be paid where a guest waits.
 */
export function writeRecord(
  bytes: Uint8Array,
  at: number,
  record: Omit<RecordHeader, 'payloadCrc'>,
  payload: Uint8Array,
): number {
  if (payload.length !== payloadBytes(record)) {
    throw new RecordError(`A ${record.kind} of ${record.length} bytes has ${payload.length}.`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, RECORD_HEADER_BYTES);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, NUMBERS.get(record.kind) ?? 0, true);
  view.setUint32(8, record.session, true);
  view.setUint32(12, record.length, true);
  setUint64(view, 16, record.sequence);
  setUint64(view, 24, record.timeUs);
  setUint64(view, 32, record.offset);
  bytes.set(payload, at + RECORD_HEADER_BYTES);
  return at + RECORD_HEADER_BYTES + payload.length;
}

/** The number of the record at `at`, without a look at anything else. */
export function sequenceOfRecord(bytes: Uint8Array, at: number): number {
  if (bytes.length - at < RECORD_HEADER_BYTES) throw new RecordError('The record is cut off.');
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, RECORD_HEADER_BYTES);
  return numberAt(view, 16, 'sequence');
}

/** Fills in the checksums of the record at `at`, and returns where it ends; no other checks. */
export function sealRecord(bytes: Uint8Array, at: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, RECORD_HEADER_BYTES);
  const kind = KINDS[view.getUint8(4)] ?? null;
  const length = view.getUint32(12, true);
  const data = at + RECORD_HEADER_BYTES;
  const end = data + (kind === null ? 0 : payloadBytes({ kind, length }));
  if (kind === null || end > bytes.length) throw new RecordError('The record is cut off.');
  view.setUint32(40, crc32c(bytes.subarray(data, end)), true);
  view.setUint32(CRC_AT, crc32c(bytes.subarray(at, at + CRC_AT)), true);
  return end;
}

/**
 * Reads the header of the record at `at`, of which `RECORD_HEADER_BYTES` must be there. Throws
 * `RecordError`.
 */
export function parseRecordHeader(bytes: Uint8Array, at = 0): RecordHeader {
  if (bytes.length - at < RECORD_HEADER_BYTES) throw new RecordError('The record is cut off.');
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, RECORD_HEADER_BYTES);
  if (view.getUint32(0, true) !== MAGIC) throw new RecordError('No record begins here.');
  if (view.getUint32(CRC_AT, true) !== crc32c(bytes.subarray(at, at + CRC_AT))) {
    throw new RecordError('The checksum of a record is wrong.');
  }
  const kind = KINDS[view.getUint8(4)] ?? null;
  if (kind === null) throw new RecordError(`There are no records of kind ${view.getUint8(4)}.`);
  const header: RecordHeader = {
    kind,
    session: view.getUint32(8, true),
    length: view.getUint32(12, true),
    sequence: numberAt(view, 16, 'sequence'),
    timeUs: numberAt(view, 24, 'time'),
    offset: numberAt(view, 32, 'offset'),
    payloadCrc: view.getUint32(40, true),
  };
  const longest = kind === 'mark' ? NAME_BYTES_MAX : RECORD_PAYLOAD_BYTES_MAX;
  if (payloadBytes(header) > longest) {
    throw new RecordError(`A ${kind} of ${header.length} bytes is longer than ${longest}.`);
  }
  return header;
}

/** Throws `RecordError` when the payload is not the one that the header was written for. */
export function checkPayload(header: RecordHeader, payload: Uint8Array): void {
  if (crc32c(payload) !== header.payloadCrc) {
    throw new RecordError(`The data of record ${header.sequence} do not fit its checksum.`);
  }
}

function numberAt(view: DataView, at: number, name: string): number {
  const value = view.getUint32(at, true) + view.getUint32(at + 4, true) * HIGH;
  if (value > Number.MAX_SAFE_INTEGER) {
    throw new RecordError(`The ${name} of a record is beyond 2^53.`);
  }
  return value;
}

/** As two halves, which is quicker than by a BigInt. */
function setUint64(view: DataView, at: number, value: number): void {
  view.setUint32(at, value % HIGH, true);
  view.setUint32(at + 4, Math.floor(value / HIGH), true);
}
