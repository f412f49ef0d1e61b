// What a cache and the mirror of its log on another host say to each other, by way of the daemons
// of both: a byte for the kind; then JSON, or numbers of eight bytes, little endian, and data.
// Untrusted on both ends.

/** By the number that goes first. */
const KINDS = [
  // From the cache.
  'open',
  'write',
  'sync',
  'remove',
  // To the cache.
  'opened',
  'received',
  'synced',
  'lost',
  // From its own daemon.
  'peers',
  // From a cache whose log lies on another host, and the answer.
  'fetch',
  'read',
  'file',
] as const;

/** Longest text in a message, in characters. */
const TEXT_MAX = 5000;
const NUMBER_BYTES = 8;
const DATA_START = 1 + NUMBER_BYTES;

export interface MirrorRequest {
  kind: 'open';
  /** For the administrator: the disk, and the host that writes. */
  diskId: string;
  hostName: string;
  sizeBytes: number;
  /** A mirror of an earlier life that nobody needs; empty for none. */
  forget: string;
}

export interface MirrorPlace {
  hostId: string;
  hostName: string;
  /** Of the flash file on that host. */
  logId: string;
}

export type MirrorMessage =
  | MirrorRequest
  | { kind: 'write'; position: number; data: Uint8Array }
  /** The number comes back: of the writes before it. */
  | { kind: 'sync'; count: number }
  | { kind: 'remove' }
  | ({ kind: 'opened' } & MirrorPlace)
  /** So many writes stand in the mirror; so many are durable there. */
  | { kind: 'received'; count: number }
  | { kind: 'synced'; count: number }
  | { kind: 'lost'; why: string }
  /** Daemons of other hosts that are known. */
  | { kind: 'peers'; count: number }
  /** Whoever has that log, its own or a mirror, gives it away. */
  | { kind: 'fetch'; logId: string }
  /** It has so many bytes. */
  | { kind: 'file'; count: number }
  /** A piece from there on, which comes as a write. */
  | { kind: 'read'; position: number };

export function encodeMessage(message: MirrorMessage): Uint8Array {
  const kind = KINDS.indexOf(message.kind);
  switch (message.kind) {
    case 'write':
      return numbered(kind, message.position, message.data);
    case 'sync':
    case 'received':
    case 'synced':
    case 'peers':
    case 'file':
      return numbered(kind, message.count);
    case 'read':
      return numbered(kind, message.position);
    default: {
      const text = new TextEncoder().encode(JSON.stringify(message));
      const bytes = new Uint8Array(1 + text.length);
      bytes[0] = kind;
      bytes.set(text, 1);
      return bytes;
    }
  }
}

/** Null for what is no message. Data are a view of the bytes. */
export function decodeMessage(bytes: Uint8Array): MirrorMessage | null {
  const kind = KINDS[bytes[0] ?? KINDS.length];
  switch (kind) {
    case undefined:
      return null;
    case 'write': {
      const position = numberIn(bytes);
      return position === null ? null : { kind, position, data: bytes.subarray(DATA_START) };
    }
    case 'sync':
    case 'received':
    case 'synced':
    case 'peers':
    case 'file': {
      const count = numberIn(bytes);
      return count === null ? null : { kind, count };
    }
    case 'read': {
      const position = numberIn(bytes);
      return position === null ? null : { kind, position };
    }
    case 'remove':
      return { kind };
    default:
      return decodeText(kind, fieldsOf(bytes.subarray(1)));
  }
}

type TextKind = 'open' | 'opened' | 'lost' | 'fetch';

function decodeText(kind: TextKind, fields: Fields): MirrorMessage | null {
  if (kind === 'lost') return { kind, why: textOf(fields, 'why') ?? 'no reason given' };
  if (kind === 'fetch') {
    const wanted = textOf(fields, 'logId');
    return wanted === null ? null : { kind, logId: wanted };
  }
  const hostName = textOf(fields, 'hostName');
  if (hostName === null) return null;
  if (kind === 'opened') {
    const [hostId, logId] = [textOf(fields, 'hostId'), textOf(fields, 'logId')];
    return hostId === null || logId === null ? null : { kind, hostId, hostName, logId };
  }
  const [diskId, forget] = [textOf(fields, 'diskId'), textOf(fields, 'forget')];
  const sizeBytes = fields.get('sizeBytes');
  if (diskId === null || forget === null) return null;
  if (typeof sizeBytes !== 'number' || !Number.isSafeInteger(sizeBytes)) return null;
  return { kind, diskId, hostName, sizeBytes, forget };
}

type Fields = ReadonlyMap<string, unknown>;

function fieldsOf(bytes: Uint8Array): Fields {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (typeof value === 'object' && value !== null) return new Map(Object.entries(value));
  } catch {
    // No fields then, which is no message.
  }
  return new Map();
}

function textOf(fields: Fields, name: string): string | null {
  const value = fields.get(name);
  return typeof value === 'string' && value.length <= TEXT_MAX ? value : null;
}

function numbered(kind: number, value: number, data: Uint8Array = new Uint8Array(0)): Uint8Array {
  const bytes = new Uint8Array(DATA_START + data.length);
  bytes[0] = kind;
  new DataView(bytes.buffer).setFloat64(1, value, true);
  bytes.set(data, DATA_START);
  return bytes;
}

function numberIn(bytes: Uint8Array): number | null {
  if (bytes.length < DATA_START) return null;
  const value = new DataView(bytes.buffer, bytes.byteOffset).getFloat64(1, true);
  return Number.isSafeInteger(value) && value >= 0 ? value : null;
}
