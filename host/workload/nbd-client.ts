// A small NBD client for the built-in workload: one connection, many requests in flight, simple
// replies. What a read brings is counted, not kept.
import { createConnection, type Socket } from 'node:net';
import {
  COMMANDS,
  FLAG_FIXED_NEWSTYLE,
  FLAG_NO_ZEROES,
  OPTION_REPLIES,
  OPTIONS,
  REQUEST_HEADER_BYTES,
  SIMPLE_REPLY_BYTES,
} from '#lib/formats/nbd/constants.ts';
import { errnoName } from '#lib/formats/nbd/errno.ts';
import {
  decodeExportInfo,
  decodeGreeting,
  decodeOptionReply,
  encodeClientFlags,
  encodeInfoRequest,
  encodeOption,
} from '#lib/formats/nbd/handshake.ts';
import { decodeReplyHeader, writeRequest } from '#lib/formats/nbd/transmission.ts';
import { Fault } from '#lib/model/fault.ts';

const UINT32 = 0x1_0000_0000;

export interface NbdIo {
  operation: 'read' | 'write';
  offset: number;
  length: number;
  /** Of a write: `length` bytes. */
  data?: Uint8Array;
}

/**
 * Called once with null, or with the name of the error: EIO, or ENOTCONN when the connection was
 * lost.
 */
export type Completed = (error: string | null) => void;

interface InFlight {
  readBytes: number;
  completed: Completed;
}

export class NbdClient {
  readonly sizeBytes: number;
  readonly #socket: Socket;
  readonly #inFlight = new Map<number, InFlight>();
  #input: Buffer = Buffer.alloc(0);
  #skip = 0;
  #finishing: InFlight | null = null;
  #nextCookie = 1;
  #closed = false;
  #onClosed: (reason: string) => void = () => undefined;

  private constructor(socket: Socket, sizeBytes: number, rest: Buffer) {
    this.#socket = socket;
    this.sizeBytes = sizeBytes;
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('error', (error) => this.#close(error.message));
    socket.on('close', () => this.#close('The server closed the connection.'));
    if (rest.length > 0) this.#take(rest);
  }

  /**
   * Connects and chooses the export. Throws `CannotOpenDisk` when the server refuses or does not
   * speak NBD.
   */
  static async connect(socketPath: string, exportName: string): Promise<NbdClient> {
    const socket = createConnection(socketPath);
    try {
      const { sizeBytes, rest } = await handshake(socket, exportName);
      return new NbdClient(socket, sizeBytes, rest);
    } catch (cause) {
      socket.destroy();
      const message = cause instanceof Error ? cause.message : String(cause);
      throw new Fault('CannotOpenDisk', `The disk ${exportName} cannot be opened: ${message}`, {
        cause,
      });
    }
  }

  get inFlight(): number {
    return this.#inFlight.size + (this.#finishing ? 1 : 0);
  }

  /** Calls back once when the connection has ended, after every I/O in flight was failed. */
  onClosed(callback: (reason: string) => void): void {
    this.#onClosed = callback;
  }

  submit({ operation, offset, length, data }: NbdIo, completed: Completed): void {
    if (this.#closed) {
      completed('ENOTCONN');
      return;
    }
    const cookieLow = this.#nextCookie;
    this.#nextCookie = (this.#nextCookie + 1) % UINT32;
    const header = Buffer.allocUnsafe(REQUEST_HEADER_BYTES);
    const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
    const command = operation === 'read' ? COMMANDS.read : COMMANDS.write;
    writeRequest(view, 0, { flags: 0, command, offset, length, cookieHigh: 0, cookieLow });
    this.#inFlight.set(cookieLow, { readBytes: operation === 'read' ? length : 0, completed });
    this.#socket.write(header);
    if (data) this.#socket.write(data);
  }

  /** Requests submitted inside go out together. */
  batch(work: () => void): void {
    this.#socket.cork();
    work();
    this.#socket.uncork();
  }

  /** Says good-bye. All I/O must have completed. */
  disconnect(): void {
    const header = Buffer.alloc(REQUEST_HEADER_BYTES);
    const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
    const command = COMMANDS.disconnect;
    const nothing = { flags: 0, offset: 0, length: 0, cookieHigh: 0, cookieLow: 0 };
    writeRequest(view, 0, { ...nothing, command });
    this.#closed = true;
    this.#socket.end(header);
  }

  #take(chunk: Buffer): void {
    try {
      this.#parse(chunk);
    } catch (error) {
      this.#socket.destroy();
      this.#close(error instanceof Error ? error.message : String(error));
    }
  }

  #parse(chunk: Buffer): void {
    let input = this.#input.length === 0 ? chunk : Buffer.concat([this.#input, chunk]);
    for (;;) {
      const skipped = Math.min(this.#skip, input.length);
      this.#skip -= skipped;
      input = input.subarray(skipped);
      if (this.#skip > 0) break;
      this.#finish();
      if (input.length < SIMPLE_REPLY_BYTES) break;
      this.#startReply(input);
      input = input.subarray(SIMPLE_REPLY_BYTES);
    }
    this.#input = input.length === 0 ? input : Buffer.from(input);
  }

  #startReply(input: Buffer): void {
    const reply = decodeReplyHeader(input);
    if (reply?.kind !== 'simple') throw refused('The server sent a reply that was not asked for.');
    const io = this.#inFlight.get(reply.cookieLow);
    if (!io || reply.cookieHigh !== 0) throw refused('The server answered an unknown request.');
    this.#inFlight.delete(reply.cookieLow);
    if (reply.error === 0) {
      this.#skip = io.readBytes;
      this.#finishing = io;
    } else io.completed(errnoName(reply.error));
  }

  #finish(): void {
    const io = this.#finishing;
    this.#finishing = null;
    io?.completed(null);
  }

  #close(reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    const lost = [...this.#inFlight.values()];
    if (this.#finishing) lost.push(this.#finishing);
    this.#inFlight.clear();
    this.#finishing = null;
    for (const { completed } of lost) completed('ENOTCONN');
    this.#onClosed(reason);
  }
}

/** Fixed newstyle with NBD_OPT_GO; leaves the socket paused for its next reader. */
async function handshake(
  socket: Socket,
  exportName: string,
): Promise<{ sizeBytes: number; rest: Buffer }> {
  const reader = new Reader(socket);
  const flags = await reader.next((input) => {
    const value = decodeGreeting(input);
    return value === null ? null : { value, consumed: 18 };
  });
  if ((flags & FLAG_FIXED_NEWSTYLE) === 0) throw refused('The server is too old.');
  socket.write(encodeClientFlags(FLAG_FIXED_NEWSTYLE | (flags & FLAG_NO_ZEROES)));
  socket.write(encodeOption(OPTIONS.go, encodeInfoRequest({ exportName, wanted: [] })));
  let sizeBytes = 0;
  for (;;) {
    const { type, data } = await reader.next((input) => {
      const reply = decodeOptionReply(input);
      return reply && { value: reply, consumed: reply.consumed };
    });
    if (type === OPTION_REPLIES.ack) return { sizeBytes, rest: reader.release() };
    if (type !== OPTION_REPLIES.info) throw refused('The server refuses the export.');
    sizeBytes = decodeExportInfo(data)?.sizeBytes ?? sizeBytes;
  }
}

/** Collects what a socket brings until a decoder finds it whole. */
class Reader {
  readonly #socket: Socket;
  #input: Buffer = Buffer.alloc(0);
  #wake: () => void = () => undefined;
  #error: Error | null = null;
  readonly #onData = (chunk: Buffer) => {
    this.#input = Buffer.concat([this.#input, chunk]);
    this.#wake();
  };
  readonly #onError = (error: Error) => this.#fail(error);
  readonly #onClose = () => this.#fail(refused('The server closed the connection.'));

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', this.#onData).on('error', this.#onError).on('close', this.#onClose);
  }

  async next<T>(decode: (input: Buffer) => { value: T; consumed: number } | null): Promise<T> {
    for (;;) {
      const found = decode(this.#input);
      if (found) {
        this.#input = this.#input.subarray(found.consumed);
        return found.value;
      }
      if (this.#error) throw this.#error;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Stops listening and returns what was read too far. */
  release(): Buffer {
    this.#socket.off('data', this.#onData).off('error', this.#onError).off('close', this.#onClose);
    return this.#input;
  }

  #fail(error: Error): void {
    this.#error ??= error;
    this.#wake();
  }
}

function refused(message: string): Fault {
  return new Fault('CannotOpenDisk', message);
}
