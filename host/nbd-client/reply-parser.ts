// Takes what an NBD server sends in its transmission phase, in pieces as they come, and puts the
// data of reads where they belong, without a copy between. Knows simple replies and all chunks of
// structured ones.

import { FormatError } from '#lib/formats/format-error.ts';
import {
  CHUNK_HEADER_BYTES,
  CHUNK_TYPES,
  SIMPLE_REPLY_BYTES,
  STRUCTURED_REPLY_MAGIC,
} from '#lib/formats/nbd/constants.ts';
import { NBD_ERRORS } from '#lib/formats/nbd/errno.ts';
import {
  decodeErrorChunk,
  decodeReplyHeader,
  decodeStatusChunk,
  type ReplyChunk,
  type SimpleReply,
} from '#lib/formats/nbd/transmission.ts';
import type { WireTask } from './wire-task.ts';

/** Largest payload of a chunk that is not data, in bytes. */
const SMALL_BYTES_MAX = 1024 * 1024;
const OFFSET_BYTES = 8;
const TWO_32 = 0x1_0000_0000;

export interface ReplyListener {
  /** The request of that cookie; null when there is none under way. */
  find(cookieHigh: number, cookieLow: number): WireTask | null;
  /** The request has its whole answer; `task.error` says how it ended. */
  ended(cookieLow: number, task: WireTask): void;
}

export class ReplyParser {
  readonly #listener: ReplyListener;
  /** A head or a small payload that has not come whole. */
  #small: Buffer = Buffer.alloc(64);
  #have = 0;
  #need = SIMPLE_REPLY_BYTES;
  #reply: SimpleReply | ReplyChunk | null = null;
  #task: WireTask | null = null;
  /** Data on their way into the task's buffer. */
  #dataLeft = 0;
  #dataAt = 0;

  constructor(listener: ReplyListener) {
    this.#listener = listener;
  }

  /** Throws a FormatError when the server breaks the protocol: the connection must end then. */
  take(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length) {
      at += this.#dataLeft > 0 ? this.#takeData(bytes, at) : this.#takeSmall(bytes, at);
      if (this.#dataLeft === 0 && this.#have === this.#need) this.#whole();
    }
  }

  #takeData(bytes: Buffer, at: number): number {
    const length = Math.min(this.#dataLeft, bytes.length - at);
    bytes.copy(this.#requireTask().buffer, this.#dataAt, at, at + length);
    this.#dataAt += length;
    this.#dataLeft -= length;
    if (this.#dataLeft === 0) this.#endOfReply();
    return length;
  }

  #takeSmall(bytes: Buffer, at: number): number {
    const length = Math.min(this.#need - this.#have, bytes.length - at);
    bytes.copy(this.#small, this.#have, at, at + length);
    this.#have += length;
    return length;
  }

  /** What was waited for is there: a head, a data chunk's offset, or a small payload. */
  #whole(): void {
    const reply = this.#reply;
    if (reply === null) this.#head();
    else if (reply.kind === 'chunk') this.#payload(reply, this.#small.subarray(0, this.#have));
  }

  #head(): void {
    if (
      this.#have === SIMPLE_REPLY_BYTES &&
      this.#small.readUInt32BE(0) === STRUCTURED_REPLY_MAGIC
    ) {
      this.#need = CHUNK_HEADER_BYTES;
      return;
    }
    const reply = decodeReplyHeader(this.#small.subarray(0, this.#have));
    if (reply === null) throw new FormatError('The head of a reply is cut.', 0);
    const task = this.#listener.find(reply.cookieHigh, reply.cookieLow);
    if (task === null) throw new FormatError('The server answers an unknown request.', 8);
    this.#reply = reply;
    this.#task = task;
    if (reply.kind === 'simple') this.#simple(reply.error, task);
    else this.#chunk(reply, task);
  }

  #simple(error: number, task: WireTask): void {
    task.error ||= error;
    if (error !== 0 || !task.isRead) this.#endOfReply();
    else this.#startData(task, task.start, task.length);
  }

  #chunk({ type, length }: ReplyChunk, task: WireTask): void {
    if (type === CHUNK_TYPES.offsetData) {
      if (!task.isRead || length <= OFFSET_BYTES || length - OFFSET_BYTES > task.length) {
        throw new FormatError('A chunk brings data that nobody asked for.', 0);
      }
      this.#wait(OFFSET_BYTES);
      return;
    }
    if (length > SMALL_BYTES_MAX) throw new FormatError('A chunk is too long.', 16);
    if (length === 0) this.#endOfReply();
    else this.#wait(length);
  }

  #payload(chunk: ReplyChunk, payload: Buffer): void {
    const task = this.#requireTask();
    const { type } = chunk;
    if (type === CHUNK_TYPES.offsetData) {
      const length = chunk.length - OFFSET_BYTES;
      this.#startData(task, this.#place(task, payload, length), length);
      return;
    }
    if (type === CHUNK_TYPES.offsetHole) {
      if (payload.length !== 12) throw new FormatError('A hole chunk has a wrong length.', 0);
      const length = payload.readUInt32BE(OFFSET_BYTES);
      const at = this.#place(task, payload, length);
      task.buffer.fill(0, at, at + length);
      task.received += length;
    } else if (type === CHUNK_TYPES.blockStatus) {
      task.extents = decodeStatusChunk(payload).extents;
    } else if (type >= CHUNK_TYPES.error) {
      task.error ||= decodeErrorChunk(payload) || NBD_ERRORS.EIO;
    }
    this.#endOfReply();
  }

  /** Where in the buffer a chunk's data lie. */
  #place(task: WireTask, payload: Buffer, length: number): number {
    const offset = payload.readUInt32BE(0) * TWO_32 + payload.readUInt32BE(4);
    const at = offset - task.offset;
    if (!task.isRead || at < 0 || at + length > task.length) {
      throw new FormatError('A chunk brings data from outside of the range asked for.', 0);
    }
    return task.start + at;
  }

  #startData(task: WireTask, at: number, length: number): void {
    task.received += length;
    this.#dataAt = at;
    this.#dataLeft = length;
  }

  #endOfReply(): void {
    const reply = this.#reply;
    const task = this.#requireTask();
    this.#reply = null;
    this.#task = null;
    this.#wait(SIMPLE_REPLY_BYTES);
    if (reply?.kind === 'chunk' && !reply.done) return;
    if (task.isRead && task.error === 0 && task.received !== task.length) {
      throw new FormatError('The server answered a part of a read.', 0);
    }
    this.#listener.ended(reply?.cookieLow ?? 0, task);
  }

  #wait(bytes: number): void {
    this.#have = 0;
    this.#need = bytes;
    if (this.#small.length < bytes) this.#small = Buffer.alloc(bytes);
  }

  #requireTask(): WireTask {
    if (this.#task === null) throw new FormatError('A payload belongs to no reply.', 0);
    return this.#task;
  }
}
