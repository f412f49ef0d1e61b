// Messages over a stream: the length as a little-endian u32, then so many bytes, at most 4 MiB.
import type { Socket } from 'node:net';
import { FormatError } from '#lib/formats/format-error.ts';
import { MIB } from '#lib/model/limits.ts';

/** One message, in bytes. */
export const MESSAGE_BYTES_MAX = 4 * MIB;
/** What may wait to be sent on one connection, in bytes. */
const WAITING_BYTES_MAX = 64 * MIB;

const HEADER_BYTES = 4;

/**
 * Cuts a stream into messages. Each is the listener's alone, to keep and to change; those that came
 * whole are views of what was received, so that nothing is copied twice.
 */
export class FrameReader {
  #parts: Buffer[] = [];
  #bytes = 0;

  /** The messages that are whole now. Throws FormatError on one that is too long. */
  push(chunk: Buffer): Uint8Array[] {
    this.#parts.push(chunk);
    this.#bytes += chunk.length;
    const messages: Uint8Array[] = [];
    for (;;) {
      const message = this.#next();
      if (message === null) return messages;
      messages.push(message);
    }
  }

  #next(): Uint8Array | null {
    if (this.#bytes < HEADER_BYTES) return null;
    const length = this.#peekLength();
    if (length > MESSAGE_BYTES_MAX) {
      throw new FormatError(`a message of ${length} bytes is longer than ${MESSAGE_BYTES_MAX}`);
    }
    if (this.#bytes < HEADER_BYTES + length) return null;
    const [first] = this.#parts;
    if (first === undefined || first.length < HEADER_BYTES + length) {
      this.#parts = [Buffer.concat(this.#parts)];
    }
    return this.#takeFirst(length);
  }

  /** The message that the first part has whole. */
  #takeFirst(length: number): Uint8Array {
    const [first = Buffer.alloc(0), ...others] = this.#parts;
    const end = HEADER_BYTES + length;
    this.#parts = first.length === end ? others : [first.subarray(end), ...others];
    this.#bytes -= end;
    // No Buffer: its `slice`, by which a listener would keep a copy, is a view.
    return new Uint8Array(first.buffer, first.byteOffset + HEADER_BYTES, length);
  }

  #peekLength(): number {
    const [first] = this.#parts;
    if (first !== undefined && first.length >= HEADER_BYTES) return first.readUInt32LE(0);
    this.#parts = [Buffer.concat(this.#parts)];
    return this.#parts[0]?.readUInt32LE(0) ?? 0;
  }
}

/**
 * Sends a copy of the message, of which a second part may stand elsewhere. False when it is too
 * long, when too much waits already, or when the connection is gone.
 */
export function sendFrame(socket: Socket, message: Uint8Array, more?: Uint8Array): boolean {
  if (!(message instanceof Uint8Array)) return false;
  const length = message.length + (more?.length ?? 0);
  if (length > MESSAGE_BYTES_MAX) return false;
  if (!socket.writable || socket.writableLength + length > WAITING_BYTES_MAX) return false;
  const frame = Buffer.allocUnsafe(HEADER_BYTES + length);
  frame.writeUInt32LE(length, 0);
  frame.set(message, HEADER_BYTES);
  if (more !== undefined) frame.set(more, HEADER_BYTES + message.length);
  if (socket.writableCorked === 0) {
    // What is sent in one turn of the loop leaves with one write.
    socket.cork();
    process.nextTick(() => socket.uncork());
  }
  socket.write(frame);
  return true;
}
