// vSCSI trace: the SCSI commands of a virtual disk as VMware's tracing writes them. Little endian,
// no header. v1, 32 bytes: u32 sn, u32 length, u32 nSG, u16 command, u16 version, u64 lbn, u64
// microseconds. v2, 40 bytes: u16 command, u16 version, u32 sn, u32 length, u32 nSG, u64 lbn, u64
// µs, u64 response µs.
import { FormatError } from '../format-error.ts';

/** Longest I/O that a record may describe, in bytes. */
const VSCSI_IO_BYTES_MAX = 64 * 1024 * 1024;

const V1_BYTES = 32;
const V2_BYTES = 40;
/** Two records of either kind tell the version. */
const DETECT_BYTES = 2 * V2_BYTES;

const READS = new Set([0x08, 0x28, 0xa8, 0x88]);
const WRITES = new Set([0x0a, 0x2a, 0xaa, 0x8a]);

export interface VscsiIo {
  /** `other` is a command that moves no data of the disk: inquiry, synchronize cache, … */
  operation: 'read' | 'write' | 'other';
  /** The SCSI operation code. */
  command: number;
  sequence: number;
  /** First block, in sectors of 512 bytes. */
  lbn: number;
  lengthBytes: number;
  /** Time of the command in microseconds, from an arbitrary start. */
  microseconds: number;
  /** Response time in microseconds; v2 only. */
  responseUs: number | null;
}

/**
 * The records of a trace, as they come. Throws a FormatError with the byte offset of the first bad
 * record: another version than the trace's, an impossible length or block, a part of a record at
 * the end.
 */
export async function* readVscsi(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<VscsiIo, void, void> {
  let pending = new Uint8Array(0);
  let position = 0;
  let version: 1 | 2 | null = null;
  for await (const chunk of chunks) {
    pending = pending.length === 0 ? Uint8Array.from(chunk) : concat(pending, chunk);
    if (version === null && pending.length < DETECT_BYTES) continue;
    version ??= detectVersion(pending);
    const size = version === 1 ? V1_BYTES : V2_BYTES;
    const whole = pending.length - (pending.length % size);
    yield* decodeAll(pending.subarray(0, whole), version, position);
    position += whole;
    pending = pending.subarray(whole);
  }
  if (pending.length === 0) return;
  version ??= detectVersion(pending);
  const size = version === 1 ? V1_BYTES : V2_BYTES;
  const whole = pending.length - (pending.length % size);
  yield* decodeAll(pending.subarray(0, whole), version, position);
  if (whole < pending.length) {
    throw new FormatError('The trace ends inside a record.', position + whole);
  }
}

/** Throws a FormatError when the bytes begin like neither version. */
export function detectVersion(head: Uint8Array): 1 | 2 {
  if (looksLike(head, 1)) return 1;
  if (looksLike(head, 2)) return 2;
  throw new FormatError('The file is not a vSCSI trace of version 1 or 2.', 0);
}

function looksLike(head: Uint8Array, version: 1 | 2): boolean {
  const size = version === 1 ? V1_BYTES : V2_BYTES;
  const at = version === 1 ? 15 : 3;
  const known = head.length >= size && head[at] === version;
  // A trace of one record has no second one to confirm.
  return known && (head.length < 2 * size || head[size + at] === version);
}

function* decodeAll(bytes: Uint8Array, version: 1 | 2, position: number): Generator<VscsiIo> {
  const size = version === 1 ? V1_BYTES : V2_BYTES;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length; at += size) {
    yield decode(view, at, { version, position: position + at });
  }
}

function decode(
  view: DataView,
  at: number,
  { version, position }: { version: 1 | 2; position: number },
): VscsiIo {
  const first = version === 1;
  const command = view.getUint16(at + (first ? 12 : 0), true);
  const stamp = view.getUint16(at + (first ? 14 : 2), true) >> 8;
  if (stamp !== version)
    throw new FormatError(`A record of version ${stamp} stands here.`, position);
  const lengthBytes = view.getUint32(at + (first ? 4 : 8), true);
  if (lengthBytes > VSCSI_IO_BYTES_MAX) {
    throw new FormatError(`An I/O of ${lengthBytes} bytes cannot be.`, position);
  }
  const lbn = safeNumber(view.getBigUint64(at + 16, true), position);
  if (lbn > Number.MAX_SAFE_INTEGER / 512 - VSCSI_IO_BYTES_MAX) {
    throw new FormatError(`Block ${lbn} lies beyond any disk.`, position);
  }
  return {
    operation: READS.has(command) ? 'read' : WRITES.has(command) ? 'write' : 'other',
    command,
    sequence: view.getUint32(at + (first ? 0 : 4), true),
    lbn,
    lengthBytes,
    microseconds: safeNumber(view.getBigUint64(at + 24, true), position),
    responseUs: first ? null : safeNumber(view.getBigUint64(at + 32, true), position),
  };
}

function safeNumber(value: bigint, position: number): number {
  if (value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value);
  throw new FormatError(`The number ${value} cannot be a block or a time.`, position);
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
}
