// The NBD handshake, fixed newstyle: greeting, client flags, options and their replies, bytes ⇄
// values. Integers are big endian. Both directions are here: the server reads what the client
// writes and the reverse.
import { FormatError } from '../format-error.ts';
import {
  BASE_ALLOCATION_ID,
  CLIENT_FLAGS_BYTES,
  FLAG_FIXED_NEWSTYLE,
  FLAG_NO_ZEROES,
  GREETING_BYTES,
  INFO_TYPES,
  INIT_MAGIC,
  OPTION_HEADER_BYTES,
  OPTION_MAGIC,
  OPTION_REPLY_HEADER_BYTES,
  OPTION_REPLY_MAGIC,
  OPTIONS,
} from './constants.ts';

/** Longest option data that is read, in bytes; longer is refused before it is collected. */
export const OPTION_DATA_BYTES_MAX = 64 * 1024;
/** Longest name of an export or a context, in bytes. */
const NAME_BYTES_MAX = 4096;
const EXPORT_NAME_PADDING = 124;

export interface NbdOption {
  option: number;
  data: Uint8Array;
  /** Bytes taken from the input, header included. */
  consumed: number;
}

export interface NbdOptionReply {
  option: number;
  type: number;
  data: Uint8Array;
  consumed: number;
}

export interface ExportDescription {
  sizeBytes: number;
  transmissionFlags: number;
}

export interface BlockSizes {
  minimum: number;
  preferred: number;
  maximum: number;
}

/** The server's first words. */
export function encodeGreeting(): Uint8Array {
  const bytes = new Uint8Array(GREETING_BYTES);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, INIT_MAGIC);
  view.setBigUint64(8, OPTION_MAGIC);
  view.setUint16(16, FLAG_FIXED_NEWSTYLE | FLAG_NO_ZEROES);
  return bytes;
}

/** The server's handshake flags, or null while the greeting is incomplete. */
export function decodeGreeting(input: Uint8Array): number | null {
  if (input.length < GREETING_BYTES) return null;
  const view = viewOf(input);
  if (view.getBigUint64(0) !== INIT_MAGIC || view.getBigUint64(8) !== OPTION_MAGIC) {
    throw new FormatError('The peer does not greet as a newstyle NBD server.', 0);
  }
  return view.getUint16(16);
}

export function encodeClientFlags(flags: number): Uint8Array {
  const bytes = new Uint8Array(CLIENT_FLAGS_BYTES);
  new DataView(bytes.buffer).setUint32(0, flags);
  return bytes;
}

/** What the client chose, or null while incomplete. Throws on flags that we did not offer. */
export function decodeClientFlags(input: Uint8Array): { noZeroes: boolean } | null {
  if (input.length < CLIENT_FLAGS_BYTES) return null;
  const flags = viewOf(input).getUint32(0);
  if ((flags & ~(FLAG_FIXED_NEWSTYLE | FLAG_NO_ZEROES)) !== 0) {
    throw new FormatError(`The client set unknown handshake flags 0x${flags.toString(16)}.`, 0);
  }
  return { noZeroes: (flags & FLAG_NO_ZEROES) !== 0 };
}

export function encodeOption(option: number, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(OPTION_HEADER_BYTES + data.length);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, OPTION_MAGIC);
  view.setUint32(8, option);
  view.setUint32(12, data.length);
  bytes.set(data, OPTION_HEADER_BYTES);
  return bytes;
}

/** The next option of a client, or null while incomplete. `data` is a view of the input. */
export function decodeOption(input: Uint8Array): NbdOption | null {
  if (input.length < OPTION_HEADER_BYTES) return null;
  const view = viewOf(input);
  if (view.getBigUint64(0) !== OPTION_MAGIC) {
    throw new FormatError('The option does not begin with its magic.', 0);
  }
  const length = view.getUint32(12);
  if (length > OPTION_DATA_BYTES_MAX) {
    throw new FormatError(`The option brings ${length} bytes.`, 12);
  }
  const consumed = OPTION_HEADER_BYTES + length;
  if (input.length < consumed) return null;
  return {
    option: view.getUint32(8),
    data: input.subarray(OPTION_HEADER_BYTES, consumed),
    consumed,
  };
}

export function encodeOptionReply(
  option: number,
  type: number,
  data: Uint8Array = new Uint8Array(0),
): Uint8Array {
  const bytes = new Uint8Array(OPTION_REPLY_HEADER_BYTES + data.length);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, OPTION_REPLY_MAGIC);
  view.setUint32(8, option);
  view.setUint32(12, type);
  view.setUint32(16, data.length);
  bytes.set(data, OPTION_REPLY_HEADER_BYTES);
  return bytes;
}

/** The next reply of a server, or null while incomplete. `data` is a view of the input. */
export function decodeOptionReply(input: Uint8Array): NbdOptionReply | null {
  if (input.length < OPTION_REPLY_HEADER_BYTES) return null;
  const view = viewOf(input);
  if (view.getBigUint64(0) !== OPTION_REPLY_MAGIC) {
    throw new FormatError('The option reply does not begin with its magic.', 0);
  }
  const length = view.getUint32(16);
  if (length > OPTION_DATA_BYTES_MAX) {
    throw new FormatError(`The option reply brings ${length} bytes.`, 16);
  }
  const consumed = OPTION_REPLY_HEADER_BYTES + length;
  if (input.length < consumed) return null;
  return {
    option: view.getUint32(8),
    type: view.getUint32(12),
    data: input.subarray(OPTION_REPLY_HEADER_BYTES, consumed),
    consumed,
  };
}

/** The data of NBD_OPT_INFO and NBD_OPT_GO. */
export interface InfoRequest {
  exportName: string;
  /** Types of information asked for. */
  wanted: number[];
}

export function encodeInfoRequest({ exportName, wanted }: InfoRequest): Uint8Array {
  const name = new TextEncoder().encode(exportName);
  const bytes = new Uint8Array(4 + name.length + 2 + 2 * wanted.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, name.length);
  bytes.set(name, 4);
  view.setUint16(4 + name.length, wanted.length);
  for (const [index, type] of wanted.entries()) view.setUint16(6 + name.length + 2 * index, type);
  return bytes;
}

export function decodeInfoRequest(data: Uint8Array): InfoRequest {
  const { text: exportName, end } = decodeName(data, 0);
  if (data.length < end + 2) throw new FormatError('The number of information types is cut.', end);
  const view = viewOf(data);
  const count = view.getUint16(end);
  if (data.length !== end + 2 + 2 * count) {
    throw new FormatError('The length of the option does not match its contents.', end);
  }
  const wanted = Array.from({ length: count }, (_, index) => view.getUint16(end + 2 + 2 * index));
  return { exportName, wanted };
}

/** The data of NBD_OPT_LIST_META_CONTEXT and NBD_OPT_SET_META_CONTEXT. */
export interface MetaContextRequest {
  exportName: string;
  queries: string[];
}

export function encodeMetaContextRequest({ exportName, queries }: MetaContextRequest): Uint8Array {
  const count = new Uint8Array(4);
  new DataView(count.buffer).setUint32(0, queries.length);
  return concat([encodeName(exportName), count, ...queries.map(encodeName)]);
}

export function decodeMetaContextRequest(data: Uint8Array): MetaContextRequest {
  const name = decodeName(data, 0);
  if (data.length < name.end + 4) throw new FormatError('The number of queries is cut.', name.end);
  const count = viewOf(data).getUint32(name.end);
  const queries: string[] = [];
  let at = name.end + 4;
  while (at < data.length && queries.length < count) {
    const query = decodeName(data, at);
    queries.push(query.text);
    at = query.end;
  }
  if (queries.length !== count || at !== data.length) {
    throw new FormatError('The length of the option does not match its contents.', at);
  }
  return { exportName: name.text, queries };
}

/** Data of NBD_REP_INFO with NBD_INFO_EXPORT. */
export function encodeExportInfo(info: ExportDescription): Uint8Array {
  const bytes = new Uint8Array(12);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, INFO_TYPES.export);
  view.setBigUint64(2, BigInt(info.sizeBytes));
  view.setUint16(10, info.transmissionFlags);
  return bytes;
}

/** Null when the information is of another type. */
export function decodeExportInfo(data: Uint8Array): ExportDescription | null {
  const view = viewOf(data);
  if (data.length < 2) throw new FormatError('The information has no type.', 0);
  if (view.getUint16(0) !== INFO_TYPES.export) return null;
  if (data.length !== 12) throw new FormatError('The information about the export is cut.', 2);
  return { sizeBytes: safeSize(view.getBigUint64(2)), transmissionFlags: view.getUint16(10) };
}

/** Data of NBD_REP_INFO with NBD_INFO_BLOCK_SIZE. */
export function encodeBlockSizeInfo(sizes: BlockSizes): Uint8Array {
  const bytes = new Uint8Array(14);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, INFO_TYPES.blockSize);
  view.setUint32(2, sizes.minimum);
  view.setUint32(6, sizes.preferred);
  view.setUint32(10, sizes.maximum);
  return bytes;
}

/** Null when the information is of another type. Throws on sizes that make no sense. */
export function decodeBlockSizeInfo(data: Uint8Array): BlockSizes | null {
  const view = viewOf(data);
  if (data.length < 2) throw new FormatError('The information has no type.', 0);
  if (view.getUint16(0) !== INFO_TYPES.blockSize) return null;
  if (data.length !== 14) throw new FormatError('The information about block sizes is cut.', 2);
  const [minimum, preferred, maximum] = [view.getUint32(2), view.getUint32(6), view.getUint32(10)];
  const inOrder = minimum >= 1 && minimum <= preferred && preferred <= maximum;
  if (inOrder) return { minimum, preferred, maximum };
  throw new FormatError('The block sizes are not in order.', 2);
}

/** Data of NBD_REP_SERVER: one export of a list. */
export function encodeServerReply(exportName: string): Uint8Array {
  return encodeName(exportName);
}

/** Data of NBD_REP_META_CONTEXT. */
export function encodeMetaContextReply(context: string, id = BASE_ALLOCATION_ID): Uint8Array {
  const name = new TextEncoder().encode(context);
  const bytes = new Uint8Array(4 + name.length);
  new DataView(bytes.buffer).setUint32(0, id);
  bytes.set(name, 4);
  return bytes;
}

export function decodeMetaContextReply(data: Uint8Array): { id: number; context: string } {
  if (data.length < 4) throw new FormatError('The id of a context is cut.', 0);
  return { id: viewOf(data).getUint32(0), context: decodeText(data.subarray(4), 4) };
}

/** The answer to NBD_OPT_EXPORT_NAME, which has no option reply. */
export function encodeExportNameReply(info: ExportDescription, noZeroes: boolean): Uint8Array {
  const bytes = new Uint8Array(10 + (noZeroes ? 0 : EXPORT_NAME_PADDING));
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(info.sizeBytes));
  view.setUint16(8, info.transmissionFlags);
  return bytes;
}

/** The name of an option whose data is nothing but a name (NBD_OPT_EXPORT_NAME). */
export function decodeExportName(data: Uint8Array): string {
  return decodeText(data, 0);
}

/** True for the options whose data must be empty. */
export function wantsNoData(option: number): boolean {
  return (
    option === OPTIONS.list || option === OPTIONS.structuredReply || option === OPTIONS.startTls
  );
}

function encodeName(text: string): Uint8Array {
  const name = new TextEncoder().encode(text);
  const bytes = new Uint8Array(4 + name.length);
  new DataView(bytes.buffer).setUint32(0, name.length);
  bytes.set(name, 4);
  return bytes;
}

function decodeName(data: Uint8Array, at: number): { text: string; end: number } {
  if (data.length < at + 4) throw new FormatError('The length of a name is cut.', at);
  const length = viewOf(data).getUint32(at);
  const end = at + 4 + length;
  if (end > data.length) throw new FormatError('A name is longer than its option.', at);
  return { text: decodeText(data.subarray(at + 4, end), at + 4), end };
}

function decodeText(bytes: Uint8Array, position: number): string {
  if (bytes.length > NAME_BYTES_MAX) throw new FormatError('A name is too long.', position);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new FormatError(`A name is not UTF-8 text (${String(cause)}).`, position);
  }
}

function safeSize(size: bigint): number {
  if (size > BigInt(Number.MAX_SAFE_INTEGER)) throw new FormatError('The export is too large.', 2);
  return Number(size);
}

function concat(parts: Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
