// Replies on their way to one client: small ones gather in a slab and leave with one write for the
// whole batch; large reads leave from the buffer that they were read into.
import type { Socket } from 'node:net';
import {
  BASE_ALLOCATION_ID,
  ERROR_CHUNK_BYTES,
  SIMPLE_REPLY_BYTES,
} from '#lib/formats/nbd/constants.ts';
import {
  type Cookie,
  type StatusExtent,
  statusChunkBytes,
  writeErrorChunk,
  writeSimpleReply,
  writeStatusChunk,
} from '#lib/formats/nbd/transmission.ts';
import type { BufferPool } from './buffer-pool.ts';
import { writeAtOnce } from './client-socket.ts';
import { OWN_BUFFER_BYTES } from './nbd-io.ts';
import { Slab } from './slab.ts';

const SLAB_BYTES = 256 * 1024;
/** Above so many bytes that the kernel has not taken, no further request is worked on. */
const CONGESTED_BYTES = 4 * 1024 * 1024;
/** ... and no further large read above so many of its length. */
const UNSENT_READS = 2;

const NOTHING = Buffer.alloc(0);

export class ReplyWriter {
  slab: Slab;
  /** Where the next reply goes. */
  at = 0;
  readonly #pool: BufferPool;
  readonly #socket: Socket;
  /** Bytes from here to `at` are replies not yet written. */
  #from = 0;
  #onRelief: () => void;
  #unsentMax = CONGESTED_BYTES;

  constructor(pool: BufferPool, socket: Socket, onRelief: () => void) {
    this.#pool = pool;
    this.#socket = socket;
    this.#onRelief = onRelief;
    this.slab = new Slab(pool, SLAB_BYTES);
  }

  /** The client does not read as fast as it asks. `onRelief` is called when that is over. */
  get congested(): boolean {
    return this.#socket.writableLength > this.#unsentMax;
  }

  /**
   * Whether a read of that length would only be queued behind others that the client has not taken.
   * Read later, it is sent while it is still in the processor's cache, from memory that was used
   * just before. Until there is room the writer is congested.
   */
  isTooFullFor(bytes: number): boolean {
    const isLarge = bytes >= OWN_BUFFER_BYTES;
    this.#unsentMax = isLarge ? Math.min(CONGESTED_BYTES, bytes * UNSENT_READS) : CONGESTED_BYTES;
    return this.congested;
  }

  /** Bytes that the kernel has not taken. */
  get unsentBytes(): number {
    return this.#socket.writableLength + this.at - this.#from;
  }

  /** Makes sure that so many bytes (at most 64 KiB and a header) fit behind `at`. */
  reserve(bytes: number): void {
    if (this.at + bytes <= this.slab.buffer.length) return;
    this.flush();
    if (this.slab.sole) {
      this.at = 0;
      this.#from = 0;
      return;
    }
    this.slab.release();
    this.slab = new Slab(this.#pool, SLAB_BYTES);
    this.at = 0;
    this.#from = 0;
  }

  /** Leaves a region of the slab to an I/O that is not done; it sends it by `sendRegion`. */
  leaveOut(start: number, end: number): void {
    this.at = start;
    this.flush();
    this.slab.retain();
    this.at = end;
    this.#from = end;
  }

  /** Copies a few bytes into the batch. */
  append(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.slab.buffer.set(bytes, this.at);
    this.at += bytes.length;
  }

  addSimple(cookie: Cookie, error: number): void {
    this.reserve(SIMPLE_REPLY_BYTES);
    this.at += writeSimpleReply(this.slab.view, this.at, error, cookie);
  }

  addErrorChunk(cookie: Cookie, error: number): void {
    this.reserve(ERROR_CHUNK_BYTES);
    this.at += writeErrorChunk(this.slab.view, this.at, error, cookie);
  }

  addStatus(cookie: Cookie, extents: readonly StatusExtent[]): void {
    const bytes = new Uint8Array(statusChunkBytes(extents.length));
    writeStatusChunk(new DataView(bytes.buffer), cookie, BASE_ALLOCATION_ID, extents);
    this.append(bytes);
  }

  /** Writes what has gathered. */
  flush(): void {
    if (this.at > this.#from) {
      const from = this.#from + writeAtOnce(this.#socket, this.slab.buffer, this.#from, this.at);
      if (from < this.at) this.#socket.write(this.slab.buffer.subarray(from, this.at));
      if (this.#socket.writableLength > 0) this.#releaseWhenWritten(this.slab);
    }
    this.#from = this.at;
    if (this.slab.sole) {
      this.at = 0;
      this.#from = 0;
    }
  }

  /** Writes a region that was left out; the slab is released when the kernel has it. */
  sendRegion(slab: Slab, start: number, end: number): void {
    this.#socket.write(slab.buffer.subarray(start, end), () => {
      slab.release();
      this.#onRelief();
    });
  }

  /** Writes part of a pooled buffer of its own and gives it back when the kernel has it. */
  sendOwned(buffer: Buffer, start: number, end: number): void {
    this.flush();
    const from = start + writeAtOnce(this.#socket, buffer, start, end);
    if (from === end) {
      this.#pool.give(buffer);
      return;
    }
    this.#socket.write(buffer.subarray(from, end), () => {
      this.#pool.give(buffer);
      this.#onRelief();
    });
  }

  release(): void {
    this.slab.release();
  }

  #releaseWhenWritten(slab: Slab): void {
    slab.retain();
    // The kernel did not take all at once: the memory is the socket's until this empty write has
    // its turn.
    this.#socket.write(NOTHING, () => {
      slab.release();
      this.#onRelief();
    });
  }
}
