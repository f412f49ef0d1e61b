// What a replication filter's daemon and a replication target say to each other over one
// connection: messages of a type (u8), a channel (u32, little endian) and a body. A channel is one
// disk. docs/formats/journal.md.
import { RECORD_HEADER_BYTES, RECORD_PAYLOAD_BYTES_MAX } from './replication-record.ts';

/**
 * `open`: the source begins with a disk; JSON. `opened`: what the target has of it; JSON.
 * `records`: whole records, one behind the other. `durable`: the sequence up to which all is
 * durable at the target (u64). `refused`: why the channel ends; UTF-8. `close`: the source is done
 * with a disk; empty. `replaced`: as `refused`, and for good: another virtual machine stands in for
 * the disk's; only to a source that has named its era. `packed`: as `records`, compressed with
 * zstd; only to a target that has said that it takes it.
 */
const TYPES = [
  null,
  'open',
  'opened',
  'records',
  'durable',
  'refused',
  'close',
  'replaced',
  'packed',
] as const;
export type MessageType = Exclude<(typeof TYPES)[number], null>;

/** The name of the mark that a source sets last, when it is powered off and all has arrived. */
export const POWER_OFF_MARK = 'power off';

const HEADER_BYTES = 5;
/** The longest message: some records, the last of which may be as long as one can be. */
export const RECORDS_BYTES_MAX = 2 * RECORD_PAYLOAD_BYTES_MAX + RECORD_HEADER_BYTES;
const TEXT_BYTES_MAX = 64 * 1024;

export interface ReplicationMessage {
  type: MessageType;
  channel: number;
  body: Uint8Array;
}

/** What the source says when it begins with a disk. */
export interface OpenDisk {
  diskId: string;
  /** In bytes. */
  sizeBytes: number;
  /** What its journal is to keep, if there is room; `mib` 0 leaves that to the target. */
  journal?: { hours: number; mib: number };
  /** Which of those that were primary it is; left out by a source that knows no eras: 1. */
  era?: number;
}

/** What the target has of a disk. */
export interface OpenedDisk {
  /** The sequence up to which all is durable; 0 for nothing. */
  durable: number;
  /** It is in no moment of the disk: a resync has begun and not ended, or data are lost. */
  needsResync: boolean;
  /** Nothing is there yet, or data are lost: all of the disk must be sent. */
  needsAll: boolean;
  /** Of the copy. */
  sizeBytes: number;
  /** It takes `packed`; left out by one that does not know it. */
  takesPacked?: boolean;
}

/** What a reader throws on a message that makes no sense. */
export class MessageError extends Error {
  override readonly name = 'MessageError';
}

export function encodeMessage(
  type: MessageType,
  channel: number,
  body: Uint8Array = new Uint8Array(0),
): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + body.length);
  bytes.set(encodeHead(type, channel));
  bytes.set(body, HEADER_BYTES);
  return bytes;
}

/** What stands before the body, for one that is sent from where it stands. */
export function encodeHead(type: MessageType, channel: number): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES);
  bytes[0] = TYPES.indexOf(type);
  new DataView(bytes.buffer).setUint32(1, channel, true);
  return bytes;
}

/** The body is a view of the bytes. Throws `MessageError`. */
export function parseMessage(bytes: Uint8Array): ReplicationMessage {
  if (bytes.length < HEADER_BYTES) throw new MessageError('A message is cut off.');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const type = TYPES[view.getUint8(0)] ?? null;
  if (type === null) throw new MessageError(`There are no messages of type ${view.getUint8(0)}.`);
  const body = bytes.subarray(HEADER_BYTES);
  const isLong = type === 'records' || type === 'packed';
  const longest = isLong ? RECORDS_BYTES_MAX : TEXT_BYTES_MAX;
  if (body.length > longest) throw new MessageError(`A message "${type}" is too long.`);
  return { type, channel: view.getUint32(1, true), body };
}

export function encodeText(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function encodeSequence(sequence: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(sequence), true);
  return bytes;
}

/** Throws `MessageError`. */
export function parseSequence(body: Uint8Array): number {
  if (body.length !== 8) throw new MessageError('A sequence has 8 bytes.');
  const value = new DataView(body.buffer, body.byteOffset, 8).getBigUint64(0, true);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new MessageError('A sequence is too large.');
  return Number(value);
}
