// TTLV, the encoding of KMIP 1.2 (section 9.1): items of a tag (3 bytes), a type (1), a length of
// the value (4, big endian) and the value, filled with zeroes to a multiple of 8 bytes; a structure
// holds items. docs/formats/kmip.md.
import { KMIP_DEPTH_MAX, KMIP_ITEMS_MAX, KMIP_MESSAGE_BYTES_MAX } from '../../model/limits.ts';
import { FormatError } from '../format-error.ts';

export type TtlvValue =
  | { type: 'structure'; value: TtlvItem[] }
  /** 32 bits with a sign. */
  | { type: 'integer'; value: number }
  | { type: 'longInteger'; value: bigint }
  /** Two's complement, big endian, a multiple of 8 bytes. */
  | { type: 'bigInteger'; value: Uint8Array }
  /** 32 bits without a sign. */
  | { type: 'enumeration'; value: number }
  | { type: 'boolean'; value: boolean }
  | { type: 'textString'; value: string }
  | { type: 'byteString'; value: Uint8Array }
  /** Seconds since 1970. */
  | { type: 'dateTime'; value: bigint }
  /** Seconds. */
  | { type: 'interval'; value: number };

/** The tag is a number of 24 bits. */
export type TtlvItem = { tag: number } & TtlvValue;
export type TtlvStructure = Extract<TtlvItem, { type: 'structure' }>;

export const TTLV_HEADER_BYTES = 8;

const TYPES = [
  'structure',
  'integer',
  'longInteger',
  'bigInteger',
  'enumeration',
  'boolean',
  'textString',
  'byteString',
  'dateTime',
  'interval',
] as const satisfies readonly TtlvValue['type'][];

/** Length of the values of a type in bytes, for those that have one. */
const FIXED_BYTES: Partial<Record<TtlvValue['type'], number>> = {
  integer: 4,
  longInteger: 8,
  enumeration: 4,
  boolean: 8,
  dateTime: 8,
  interval: 4,
};

export function encodeTtlv(item: TtlvItem): Uint8Array {
  const value = encodeValue(item);
  const bytes = new Uint8Array(TTLV_HEADER_BYTES + padded(value.length));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, item.tag * 256 + TYPES.indexOf(item.type) + 1);
  view.setUint32(4, value.length);
  bytes.set(value, TTLV_HEADER_BYTES);
  return bytes;
}

/**
 * One item that fills the bytes. Throws FormatError for what is no TTLV, and for more than
 * `KMIP_MESSAGE_BYTES_MAX`, `KMIP_ITEMS_MAX` or `KMIP_DEPTH_MAX`.
 */
export function decodeTtlv(bytes: Uint8Array): TtlvItem {
  if (bytes.length > KMIP_MESSAGE_BYTES_MAX) throw new FormatError('the message is too long', 0);
  const reader = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length), items: 0 };
  const { item, end } = decodeItem(reader, { at: 0, end: bytes.length, depth: 0 });
  if (end !== bytes.length) throw new FormatError('something follows the message', end);
  return item;
}

/**
 * Length of a message in bytes from its first 8. Throws FormatError when it is no structure of that
 * tag, or too long.
 */
export function messageBytes(header: Uint8Array, tag: number): number {
  const view = new DataView(header.buffer, header.byteOffset, TTLV_HEADER_BYTES);
  if (view.getUint32(0) !== tag * 256 + 1) throw new FormatError('it is no message of KMIP', 0);
  const length = TTLV_HEADER_BYTES + view.getUint32(4);
  if (length > KMIP_MESSAGE_BYTES_MAX) throw new FormatError('the message is too long', 4);
  return length;
}

function encodeValue(item: TtlvValue): Uint8Array {
  switch (item.type) {
    case 'structure':
      return joined(item.value.map(encodeTtlv));
    case 'integer':
      return numberBytes(4, (view) => view.setInt32(0, item.value));
    case 'enumeration':
    case 'interval':
      return numberBytes(4, (view) => view.setUint32(0, item.value));
    case 'longInteger':
    case 'dateTime':
      return numberBytes(8, (view) => view.setBigInt64(0, item.value));
    case 'boolean':
      return numberBytes(8, (view) => view.setBigUint64(0, item.value ? 1n : 0n));
    case 'textString':
      return new TextEncoder().encode(item.value);
    case 'bigInteger':
    case 'byteString':
      return item.value;
  }
}

interface Reader {
  view: DataView;
  /** Met so far. */
  items: number;
}

interface Place {
  at: number;
  end: number;
  depth: number;
}

function decodeItem(reader: Reader, { at, end, depth }: Place): { item: TtlvItem; end: number } {
  const { view } = reader;
  reader.items += 1;
  if (reader.items > KMIP_ITEMS_MAX) throw new FormatError('it holds too many items', at);
  if (depth > KMIP_DEPTH_MAX) throw new FormatError('it is nested too deeply', at);
  if (at + TTLV_HEADER_BYTES > end) throw new FormatError('an item is cut off', at);
  const type = TYPES[view.getUint8(at + 3) - 1];
  if (type === undefined) throw new FormatError('an item has no known type', at + 3);
  const length = view.getUint32(at + 4);
  const start = at + TTLV_HEADER_BYTES;
  const next = start + padded(length);
  if (next > end) throw new FormatError('an item is longer than what holds it', at + 4);
  if ((FIXED_BYTES[type] ?? length) !== length) {
    throw new FormatError(`a value of the type ${type} has ${length} bytes`, at + 4);
  }
  for (let pad = start + length; pad < next; pad++) {
    if (view.getUint8(pad) !== 0) throw new FormatError('what fills an item is not zero', pad);
  }
  const tag = view.getUint32(at) >>> 8;
  const place = { at: start, end: start + length, depth: depth + 1 };
  return { item: { tag, ...decodeValue(reader, type, place) }, end: next };
}

function decodeValue(reader: Reader, type: TtlvValue['type'], place: Place): TtlvValue {
  const { view } = reader;
  const { at, end } = place;
  switch (type) {
    case 'structure':
      return { type, value: decodeItems(reader, place) };
    case 'integer':
      return { type, value: view.getInt32(at) };
    case 'enumeration':
    case 'interval':
      return { type, value: view.getUint32(at) };
    case 'longInteger':
    case 'dateTime':
      return { type, value: view.getBigInt64(at) };
    case 'boolean':
      return { type, value: booleanOf(view.getBigUint64(at), at) };
    case 'textString':
      return { type, value: textOf(bytesOf(view, at, end), at) };
    case 'bigInteger':
      if ((end - at) % 8 !== 0 || end === at) {
        throw new FormatError('a big integer is no multiple of 8 bytes', at);
      }
      return { type, value: bytesOf(view, at, end) };
    case 'byteString':
      return { type, value: bytesOf(view, at, end) };
  }
}

function decodeItems(reader: Reader, { at, end, depth }: Place): TtlvItem[] {
  const items: TtlvItem[] = [];
  for (let next = at; next < end; ) {
    const found = decodeItem(reader, { at: next, end, depth });
    items.push(found.item);
    next = found.end;
  }
  return items;
}

function booleanOf(value: bigint, at: number): boolean {
  if (value > 1n) throw new FormatError('a truth value is neither 0 nor 1', at);
  return value === 1n;
}

function textOf(bytes: Uint8Array, at: number): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    // Said in this format's words.
    throw new FormatError('a text is not UTF-8', at);
  }
}

/** A copy. */
function bytesOf(view: DataView, at: number, end: number): Uint8Array {
  return new Uint8Array(view.buffer.slice(view.byteOffset + at, view.byteOffset + end));
}

function numberBytes(length: number, set: (view: DataView) => void): Uint8Array {
  const bytes = new Uint8Array(length);
  set(new DataView(bytes.buffer));
  return bytes;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function padded(length: number): number {
  return Math.ceil(length / 8) * 8;
}
