// An NBD client for tests: speaks the protocol by the codec, keeps many requests under way, and can
// send garbage.
import { createConnection, type Socket } from 'node:net';
import { assert } from '#lib/base/assert.ts';
import { CHUNK_TYPES, OPTION_REPLIES, OPTIONS } from '#lib/formats/nbd/constants.ts';
import {
  decodeExportInfo,
  decodeGreeting,
  decodeOptionReply,
  encodeClientFlags,
  encodeInfoRequest,
  encodeMetaContextRequest,
  encodeOption,
  type NbdOptionReply,
} from '#lib/formats/nbd/handshake.ts';
import {
  decodeErrorChunk,
  decodeReplyHeader,
  decodeStatusChunk,
  type StatusExtent,
  writeRequest,
} from '#lib/formats/nbd/transmission.ts';

export interface TestReply {
  error: number;
  data: Buffer;
  extents: StatusExtent[];
}

export interface TestRequest {
  command: number;
  offset?: number;
  length?: number;
  flags?: number;
  data?: Uint8Array;
  /** So many bytes of the data are held back, until `sendRest`. */
  rest?: number;
}

interface Waiter {
  readBytes: number;
  resolve(reply: TestReply): void;
  reject(error: Error): void;
}

export type Where = { path: string } | { port: number; host: string };

export class TestClient {
  readonly socket: Socket;
  sizeBytes = 0;
  readonly #waiters = new Map<number, Waiter>();
  #parts: Buffer[] = [];
  #buffered = 0;
  #wake: (() => void) | null = null;
  #cookie = 0;
  #rest: Uint8Array = new Uint8Array(0);
  #over: Error | null = null;

  constructor(where: Where) {
    this.socket = createConnection(where);
    this.socket.on('data', (chunk: Buffer) => {
      this.#parts.push(chunk);
      this.#buffered += chunk.length;
      this.#wake?.();
    });
    this.socket.on('error', (error) => this.#end(error));
    this.socket.on('close', () => this.#end(new Error('the server closed the connection')));
  }

  /** Connects, negotiates and enters transmission. */
  static async connect(
    where: Where,
    { structured = true, exportName = '' }: { structured?: boolean; exportName?: string } = {},
  ): Promise<TestClient> {
    const client = new TestClient(where);
    await client.greet();
    if (structured) {
      await client.option(OPTIONS.structuredReply, new Uint8Array(0));
      const context = { exportName, queries: ['base:allocation'] };
      await client.option(OPTIONS.setMetaContext, encodeMetaContextRequest(context));
    }
    await client.go(exportName);
    return client;
  }

  async greet(): Promise<void> {
    const greeting = await this.take(18);
    assert(decodeGreeting(greeting) === 3, 'the server offers fixed newstyle');
    this.socket.write(encodeClientFlags(3));
  }

  /** Sends an option and returns its replies, the last one included. */
  async option(option: number, data: Uint8Array): Promise<NbdOptionReply[]> {
    this.socket.write(encodeOption(option, data));
    const replies: NbdOptionReply[] = [];
    for (;;) {
      const head = await this.take(20);
      const body = await this.take(head.readUInt32BE(16));
      const reply = decodeOptionReply(Buffer.concat([head, body]));
      assert(reply !== null, 'the reply is whole');
      replies.push(reply);
      if (reply.type === OPTION_REPLIES.ack || reply.type >= 0x80000000) return replies;
    }
  }

  async go(exportName: string): Promise<void> {
    const replies = await this.option(OPTIONS.go, encodeInfoRequest({ exportName, wanted: [] }));
    assert(replies.at(-1)?.type === OPTION_REPLIES.ack, 'the server accepts the export');
    for (const { type, data } of replies) {
      if (type !== OPTION_REPLIES.info) continue;
      this.sizeBytes = decodeExportInfo(data)?.sizeBytes ?? this.sizeBytes;
    }
    // Rejections are told to those who wait.
    this.#receive().catch((error: unknown) => this.#end(error));
  }

  request(given: TestRequest): Promise<TestReply> {
    const { command, offset = 0, length = 0, flags = 0, data, rest = 0 } = given;
    if (this.#over) return Promise.reject(this.#over);
    this.#cookie += 1;
    const cookie = this.#cookie;
    const header = Buffer.alloc(28);
    const bytes = data?.length ?? length;
    const request = { flags, command, cookieHigh: 7, cookieLow: cookie, offset, length: bytes };
    writeRequest(new DataView(header.buffer, header.byteOffset), 0, request);
    return new Promise((resolve, reject) => {
      this.#waiters.set(cookie, { readBytes: command === 0 ? bytes : 0, resolve, reject });
      this.socket.write(header);
      if (data) this.socket.write(data.subarray(0, bytes - rest));
      this.#rest = data?.subarray(bytes - rest) ?? this.#rest;
    });
  }

  /** What the last request with data held back, or its next so many bytes. */
  sendRest(bytes: number = this.#rest.length): void {
    this.socket.write(this.#rest.subarray(0, bytes));
    this.#rest = this.#rest.subarray(bytes);
  }

  close(): void {
    this.socket.destroy();
  }

  /** Waits for so many bytes. */
  async take(bytes: number): Promise<Buffer> {
    while (this.#buffered < bytes) {
      if (this.#over) throw this.#over;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const all = Buffer.concat(this.#parts);
    this.#parts = [all.subarray(bytes)];
    this.#buffered = all.length - bytes;
    return all.subarray(0, bytes);
  }

  async #receive(): Promise<void> {
    for (;;) {
      const first = await this.take(16);
      const magicOfChunk = first.readUInt32BE(0) === 0x668e33ef;
      const head = magicOfChunk ? Buffer.concat([first, await this.take(4)]) : first;
      const header = decodeReplyHeader(head);
      assert(header !== null && header.cookieHigh === 7, 'the reply has the cookie of a request');
      const waiter = this.#waiters.get(header.cookieLow);
      assert(waiter !== undefined, 'every request is answered once');
      const reply: TestReply = { error: 0, data: Buffer.alloc(0), extents: [] };
      if (header.kind === 'simple') {
        reply.error = header.error;
        if (header.error === 0) reply.data = await this.take(waiter.readBytes);
      } else {
        const payload = await this.take(header.length);
        if (header.type === CHUNK_TYPES.offsetData) reply.data = payload.subarray(8);
        else if (header.type === CHUNK_TYPES.error) reply.error = decodeErrorChunk(payload);
        else reply.extents = decodeStatusChunk(payload).extents;
      }
      // Not before: when the connection ends within a reply, whoever waits for it has to be told.
      this.#waiters.delete(header.cookieLow);
      waiter.resolve(reply);
    }
  }

  #end(error: unknown): void {
    this.#over ??= error instanceof Error ? error : new Error(String(error));
    this.#wake?.();
    for (const { reject } of this.#waiters.values()) reject(this.#over);
    this.#waiters.clear();
  }
}
