// NBD's transmission phase: requests, simple replies and structured chunks, read from and written
// into buffers in place, so that the I/O path allocates nothing. Integers are big endian; a cookie
// is kept as two halves.
import { FormatError } from '../format-error.ts';
import {
  CHUNK_FLAG_DONE,
  CHUNK_HEADER_BYTES,
  CHUNK_TYPES,
  REQUEST_HEADER_BYTES,
  REQUEST_MAGIC,
  SIMPLE_REPLY_BYTES,
  SIMPLE_REPLY_MAGIC,
  STRUCTURED_REPLY_MAGIC,
} from './constants.ts';

const TWO_32 = 0x1_0000_0000;

/** What ties a reply to its request. */
export interface Cookie {
  cookieHigh: number;
  cookieLow: number;
}

export interface NbdRequest extends Cookie {
  flags: number;
  command: number;
  /** In bytes. Exact up to 2^53; beyond every disk above that. */
  offset: number;
  length: number;
}

/** One extent of a block status: length in bytes and status bits. */
export interface StatusExtent {
  length: number;
  flags: number;
}

/** A request to read into. */
export function emptyRequest(): NbdRequest {
  return { flags: 0, command: 0, cookieHigh: 0, cookieLow: 0, offset: 0, length: 0 };
}

/** Reads a request's 28-byte header into `into`; false when it has the wrong magic. */
export function readRequest(view: DataView, at: number, into: NbdRequest): boolean {
  if (view.getUint32(at) !== REQUEST_MAGIC) return false;
  into.flags = view.getUint16(at + 4);
  into.command = view.getUint16(at + 6);
  into.cookieHigh = view.getUint32(at + 8);
  into.cookieLow = view.getUint32(at + 12);
  into.offset = view.getUint32(at + 16) * TWO_32 + view.getUint32(at + 20);
  into.length = view.getUint32(at + 24);
  return true;
}

/** Writes a request's header; returns its 28 bytes. */
export function writeRequest(view: DataView, at: number, request: NbdRequest): number {
  view.setUint32(at, REQUEST_MAGIC);
  view.setUint16(at + 4, request.flags);
  view.setUint16(at + 6, request.command);
  view.setUint32(at + 8, request.cookieHigh);
  view.setUint32(at + 12, request.cookieLow);
  view.setUint32(at + 16, Math.floor(request.offset / TWO_32));
  view.setUint32(at + 20, request.offset % TWO_32);
  view.setUint32(at + 24, request.length);
  return REQUEST_HEADER_BYTES;
}

/** Writes a simple reply, data to follow; returns its 16 bytes. */
export function writeSimpleReply(
  view: DataView,
  at: number,
  error: number,
  cookie: Cookie,
): number {
  view.setUint32(at, SIMPLE_REPLY_MAGIC);
  view.setUint32(at + 4, error);
  view.setUint32(at + 8, cookie.cookieHigh);
  view.setUint32(at + 12, cookie.cookieLow);
  return SIMPLE_REPLY_BYTES;
}

/** Writes the head of the one chunk that answers a read, data to follow; returns its 28 bytes. */
export function writeDataChunkHeader(
  view: DataView,
  at: number,
  request: Cookie & { offset: number; length: number },
): number {
  writeChunkHeader(view, at, request, CHUNK_TYPES.offsetData);
  view.setUint32(at + 16, request.length + 8);
  view.setUint32(at + 20, Math.floor(request.offset / TWO_32));
  view.setUint32(at + 24, request.offset % TWO_32);
  return CHUNK_HEADER_BYTES + 8;
}

/** Writes the chunk that says that a request failed; returns its 26 bytes. */
export function writeErrorChunk(view: DataView, at: number, error: number, cookie: Cookie): number {
  writeChunkHeader(view, at, cookie, CHUNK_TYPES.error);
  view.setUint32(at + 16, 6);
  view.setUint32(at + 20, error);
  view.setUint16(at + 24, 0);
  return CHUNK_HEADER_BYTES + 6;
}

/** How many bytes a block status of so many extents takes. */
export function statusChunkBytes(extents: number): number {
  return CHUNK_HEADER_BYTES + 4 + 8 * extents;
}

/** Writes the answer to a block status; returns its bytes. */
export function writeStatusChunk(
  view: DataView,
  cookie: Cookie,
  contextId: number,
  extents: readonly StatusExtent[],
): number {
  writeChunkHeader(view, 0, cookie, CHUNK_TYPES.blockStatus);
  view.setUint32(16, 4 + 8 * extents.length);
  view.setUint32(CHUNK_HEADER_BYTES, contextId);
  let at = CHUNK_HEADER_BYTES + 4;
  for (const { length, flags } of extents) {
    view.setUint32(at, length);
    view.setUint32(at + 4, flags);
    at += 8;
  }
  return at;
}

export interface SimpleReply extends Cookie {
  kind: 'simple';
  error: number;
}

export interface ReplyChunk extends Cookie {
  kind: 'chunk';
  done: boolean;
  type: number;
  /** Bytes after the chunk's header. */
  length: number;
}

/**
 * The next reply's header, or null while incomplete. Data of a read follow a simple reply without a
 * length.
 */
export function decodeReplyHeader(input: Uint8Array): SimpleReply | ReplyChunk | null {
  if (input.length < SIMPLE_REPLY_BYTES) return null;
  const view = viewOf(input);
  const magic = view.getUint32(0);
  const cookie = { cookieHigh: view.getUint32(8), cookieLow: view.getUint32(12) };
  if (magic === SIMPLE_REPLY_MAGIC) return { kind: 'simple', error: view.getUint32(4), ...cookie };
  if (magic !== STRUCTURED_REPLY_MAGIC) {
    throw new FormatError('The reply begins with neither magic.', 0);
  }
  if (input.length < CHUNK_HEADER_BYTES) return null;
  const done = (view.getUint16(4) & CHUNK_FLAG_DONE) !== 0;
  return { kind: 'chunk', done, type: view.getUint16(6), length: view.getUint32(16), ...cookie };
}

/** The payload of an error chunk: which error. */
export function decodeErrorChunk(payload: Uint8Array): number {
  if (payload.length < 6) throw new FormatError('An error chunk is cut.', 0);
  const view = viewOf(payload);
  if (view.getUint16(4) > payload.length - 6) {
    throw new FormatError('The message of an error chunk is longer than the chunk.', 4);
  }
  return view.getUint32(0);
}

/** The payload of a block status chunk. */
export function decodeStatusChunk(payload: Uint8Array): {
  contextId: number;
  extents: StatusExtent[];
} {
  if (payload.length < 12 || payload.length % 8 !== 4) {
    throw new FormatError('A block status chunk has an odd length.', 0);
  }
  const view = viewOf(payload);
  const extents: StatusExtent[] = [];
  for (let at = 4; at < payload.length; at += 8) {
    extents.push({ length: view.getUint32(at), flags: view.getUint32(at + 4) });
  }
  return { contextId: view.getUint32(0), extents };
}

/** All but the length, which the caller adds at byte 16. */
function writeChunkHeader(view: DataView, at: number, cookie: Cookie, type: number): void {
  view.setUint32(at, STRUCTURED_REPLY_MAGIC);
  view.setUint16(at + 4, CHUNK_FLAG_DONE);
  view.setUint16(at + 6, type);
  view.setUint32(at + 8, cookie.cookieHigh);
  view.setUint32(at + 12, cookie.cookieLow);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
