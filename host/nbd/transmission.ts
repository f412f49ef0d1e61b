// One client's transmission phase: takes all requests that have arrived, runs each through the
// chain, and sends the replies of the batch with one write. Nothing is allocated for a small I/O
// that nobody defers.
import type { Clock } from '#lib/base/clock.ts';
import {
  COMMAND_FLAGS,
  COMMANDS,
  DATA_CHUNK_HEADER_BYTES,
  REQUEST_HEADER_BYTES,
  SIMPLE_REPLY_BYTES,
} from '#lib/formats/nbd/constants.ts';
import { NBD_ERRORS } from '#lib/formats/nbd/errno.ts';
import {
  type Cookie,
  emptyRequest,
  type NbdRequest,
  readRequest,
  type StatusExtent,
  writeDataChunkHeader,
  writeSimpleReply,
} from '#lib/formats/nbd/transmission.ts';
import { MIB, NBD_REQUEST_BYTES_MAX } from '#lib/model/limits.ts';
import { EMPTY_BUFFER, type OperationCode, READ, WRITE } from '../chain/chain-io.ts';
import { BLOCK_STATUS_CODE } from '../chain/disk-meter.ts';
import type { BufferPool } from './buffer-pool.ts';
import type { Agreement } from './handshake.ts';
import type { InputBuffer } from './input-buffer.ts';
import type { NbdExport } from './nbd-export.ts';
import { type IoReceiver, type NbdIo, type NbdIoPool, OWN_BUFFER_BYTES } from './nbd-io.ts';
import { Payload } from './payload.ts';
import type { ReplyWriter } from './reply-writer.ts';
import { judgeRequest, operationOf } from './request-rules.ts';
import { countWaitingRequests } from './waiting-requests.ts';

/** One client has at most so many requests, and bytes of large ones, under way. */
const IN_FLIGHT_MAX = 1024;
const IN_FLIGHT_BYTES_MAX = 32 * MIB;

export interface TransmissionParts {
  target: NbdExport;
  agreement: Agreement;
  input: InputBuffer;
  writer: ReplyWriter;
  buffers: BufferPool;
  ios: NbdIoPool;
  clock: Clock;
  /** Something that was under way is done, outside of `run`: replies wait for `flush`. */
  onFinished(): void;
}

/** `more`: all that could be done is done. `disconnect`: the client leaves. `garbage`: it must. */
export type RunResult = 'more' | 'disconnect' | 'garbage';

export class Transmission implements IoReceiver {
  /** No new request is begun while true. */
  held = false;
  readonly #parts: TransmissionParts;
  readonly #request: NbdRequest = emptyRequest();
  readonly #readHeaderBytes: number;
  #payload: Payload | null = null;
  #inFlight = 0;
  #inFlightBytes = 0;
  #running = false;
  #abandoned = false;
  #serving = true;
  #doneInBatch = 0;
  /** How many were done in the last batch. */
  #batch = 0;
  #arrivedAt = 0;
  /** Finished while a batch was running: answered at its end. */
  #late: NbdIo[] = [];

  constructor(parts: TransmissionParts) {
    this.#parts = parts;
    this.#readHeaderBytes = parts.agreement.structuredReplies
      ? DATA_CHUNK_HEADER_BYTES
      : SIMPLE_REPLY_BYTES;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** The large write that is arriving. */
  get payload(): Payload | null {
    return this.#payload;
  }

  /** Whether requests wait for others to end, or for the client to read. */
  get blocked(): boolean {
    return (
      this.held ||
      this.#inFlight >= IN_FLIGHT_MAX ||
      this.#inFlightBytes >= IN_FLIGHT_BYTES_MAX ||
      this.#parts.writer.congested
    );
  }

  /** The last batch was one request, it has been answered, and nothing is under way. */
  get isAloneAndDone(): boolean {
    return this.#batch === 1 && this.#inFlight === 0 && this.#payload === null && !this.blocked;
  }

  /** Works on everything that has arrived. */
  run(): RunResult {
    const { target, clock, writer } = this.#parts;
    this.#running = true;
    this.#serving = target.isServing();
    this.#arrivedAt = clock.monotonic();
    let result: RunResult | null = null;
    while (result === null) result = this.blocked ? 'more' : this.#next();
    this.#running = false;
    this.#answerLate();
    writer.flush();
    this.#meterBatch(target);
    return result;
  }

  /** Requests that wait in the input, for the report of a pause. */
  waitingRequests(): number {
    return (this.#payload === null ? 0 : 1) + countWaitingRequests(this.#parts.input);
  }

  /** The client is gone: what is under way ends without an answer. */
  abandon(): void {
    this.#abandoned = true;
  }

  ioFinished(io: NbdIo): void {
    if (this.#running) {
      this.#late.push(io);
      return;
    }
    this.#answer(io);
    this.#parts.onFinished();
  }

  #meterBatch(target: NbdExport): void {
    this.#batch = this.#doneInBatch;
    if (this.#doneInBatch === 0) return;
    target.meter.doneAtOnce(this.#doneInBatch, this.#parts.clock.monotonic() - this.#arrivedAt);
    this.#doneInBatch = 0;
  }

  #answerLate(): void {
    // Answering may finish further I/Os, which are answered at once then.
    for (let io = this.#late.shift(); io !== undefined; io = this.#late.shift()) this.#answer(io);
  }

  /** Takes one request; null to go on. */
  #next(): RunResult | null {
    const { input, writer } = this.#parts;
    if (this.#payload !== null) return this.#goOnWithPayload(this.#payload);
    if (input.length < REQUEST_HEADER_BYTES) return 'more';
    const request = this.#request;
    if (!readRequest(input.slab.view, input.at, request)) return 'garbage';
    if (request.command === COMMANDS.disconnect) return 'disconnect';
    if (request.command === COMMANDS.write) return this.#beginWrite(request);
    if (request.command === COMMANDS.read && writer.isTooFullFor(request.length)) return 'more';
    input.at += REQUEST_HEADER_BYTES;
    const error = this.#judge(request);
    if (error !== 0) this.#answerError(request, error);
    else if (request.command === COMMANDS.read) this.#beginRead(request);
    else if (request.command === COMMANDS.blockStatus) this.#beginBlockStatus(request);
    else this.#beginOther(request);
    return null;
  }

  #judge(request: NbdRequest): number {
    if (!this.#serving) return NBD_ERRORS.ESHUTDOWN;
    return judgeRequest(request, this.#parts.target.sizeBytes);
  }

  #beginWrite(request: NbdRequest): RunResult | null {
    const { input, buffers, target } = this.#parts;
    // Nobody would take such a payload in, so the stream cannot be followed any further.
    if (request.length > NBD_REQUEST_BYTES_MAX) return 'garbage';
    if (input.length < REQUEST_HEADER_BYTES + request.length) {
      if (request.length < OWN_BUFFER_BYTES) return 'more';
      input.at += REQUEST_HEADER_BYTES;
      this.#payload = new Payload(request, buffers.take(request.length));
      return null;
    }
    const start = input.at + REQUEST_HEADER_BYTES;
    input.at = start + request.length;
    const error = this.#judge(request);
    if (error !== 0) {
      this.#answerError(request, error);
      return null;
    }
    const io = this.#take(request, WRITE);
    io.buffer = input.slab.buffer;
    io.start = start;
    if (target.submit(io)) {
      this.#answerNow(io);
    } else {
      input.slab.retain();
      io.slab = input.slab;
      this.#pend(io);
    }
    return null;
  }

  #goOnWithPayload(payload: Payload): RunResult | null {
    const { input, target, buffers } = this.#parts;
    payload.takeFrom(input);
    if (!payload.complete) return 'more';
    this.#payload = null;
    const error = this.#judge(payload.request);
    if (error !== 0) {
      buffers.give(payload.buffer);
      this.#answerError(payload.request, error);
      return null;
    }
    const io = this.#take(payload.request, WRITE);
    io.buffer = payload.buffer;
    io.owned = payload.buffer;
    if (target.submit(io)) this.#answerNow(io);
    else this.#pend(io);
    return null;
  }

  #beginRead(request: NbdRequest): void {
    if (request.length >= OWN_BUFFER_BYTES) this.#beginLargeRead(request);
    else this.#beginSmallRead(request);
  }

  /** Reads into the batch of replies; a read that is deferred keeps its place in the slab. */
  #beginSmallRead(request: NbdRequest): void {
    const { writer, target } = this.#parts;
    const bytes = this.#readHeaderBytes + request.length;
    writer.reserve(bytes);
    const { at, slab } = writer;
    const io = this.#take(request, READ);
    io.buffer = slab.buffer;
    io.start = at + this.#readHeaderBytes;
    if (!target.submit(io)) {
      io.slab = slab;
      writer.leaveOut(at, at + bytes);
      this.#pend(io);
      return;
    }
    if (io.error === 0) {
      this.#writeReadHeader(slab.view, at, io);
      writer.at = at + bytes;
      this.#countDone(io);
      this.#recycle(io);
    } else {
      this.#answerNow(io);
    }
  }

  #beginLargeRead(request: NbdRequest): void {
    const { buffers, target } = this.#parts;
    const io = this.#take(request, READ);
    io.owned = buffers.take(this.#readHeaderBytes + request.length);
    io.buffer = io.owned;
    io.start = this.#readHeaderBytes;
    if (target.submit(io)) this.#answerNow(io);
    else this.#pend(io);
  }

  #beginOther(request: NbdRequest): void {
    const code = operationOf(request.command);
    if (code === null) return;
    const io = this.#take(request, code);
    io.noHole = (request.flags & COMMAND_FLAGS.noHole) !== 0;
    io.fastZero = (request.flags & COMMAND_FLAGS.fastZero) !== 0;
    if (this.#parts.target.submit(io)) this.#answerNow(io);
    else this.#pend(io);
  }

  #beginBlockStatus(request: NbdRequest): void {
    const { target, agreement, clock, writer, onFinished } = this.#parts;
    if (!agreement.blockStatus) {
      this.#answerError(request, NBD_ERRORS.EINVAL);
      return;
    }
    const { cookieHigh, cookieLow, offset, length, flags } = request;
    const arrivedAt = this.#arrivedAt;
    const answer = (found: StatusExtent[] | number): void => {
      const cookie = { cookieHigh, cookieLow };
      const error = typeof found === 'number' ? found : 0;
      this.#inFlight -= 1;
      target.meter.count(BLOCK_STATUS_CODE, 0, error);
      target.meter.waited(arrivedAt, clock.monotonic());
      if (this.#abandoned) return;
      if (typeof found === 'number') this.#writeError(cookie, error);
      else
        writer.addStatus(cookie, (flags & COMMAND_FLAGS.reqOne) !== 0 ? found.slice(0, 1) : found);
      onFinished();
    };
    this.#inFlight += 1;
    target.meter.waits(arrivedAt);
    target.blockStatus(offset, length).then(answer, () => answer(NBD_ERRORS.EIO));
  }

  #take(request: NbdRequest, code: OperationCode): NbdIo {
    const io = this.#parts.ios.take();
    io.code = code;
    io.offset = request.offset;
    io.length = request.length;
    io.buffer = EMPTY_BUFFER;
    io.start = 0;
    io.fua = (request.flags & COMMAND_FLAGS.fua) !== 0;
    io.cookieHigh = request.cookieHigh;
    io.cookieLow = request.cookieLow;
    io.arrivedAt = this.#arrivedAt;
    io.receiver = this;
    io.forgetData();
    return io;
  }

  #pend(io: NbdIo): void {
    this.#inFlight += 1;
    this.#parts.target.meter.waits(io.arrivedAt);
    this.#inFlightBytes += io.heldBytes;
  }

  #countDone(io: NbdIo): void {
    this.#parts.target.meter.count(io.code, io.length, io.error);
    this.#doneInBatch += 1;
  }

  /** An I/O that was done when `submit` returned. */
  #answerNow(io: NbdIo): void {
    this.#countDone(io);
    this.#reply(io);
  }

  /** An I/O that took longer. */
  #answer(io: NbdIo): void {
    const { target, clock } = this.#parts;
    this.#inFlight -= 1;
    this.#inFlightBytes -= io.heldBytes;
    target.meter.count(io.code, io.length, io.error);
    target.meter.waited(io.arrivedAt, clock.monotonic());
    if (!this.#abandoned) this.#reply(io);
    else this.#drop(io);
  }

  #reply(io: NbdIo): void {
    const { writer, buffers } = this.#parts;
    const { slab, owned } = io;
    const end = io.start + io.length;
    if (io.code === READ && io.error === 0) {
      const start = io.start - this.#readHeaderBytes;
      if (owned !== null) {
        const view = new DataView(owned.buffer, owned.byteOffset, owned.length);
        this.#writeReadHeader(view, start, io);
        writer.sendOwned(owned, start, end);
      } else if (slab !== null) {
        this.#writeReadHeader(slab.view, start, io);
        writer.sendRegion(slab, start, end);
      }
    } else {
      slab?.release();
      if (owned !== null) buffers.give(owned);
      if (io.error === 0) writer.addSimple(io, 0);
      else this.#answerErrorOf(io);
    }
    this.#recycle(io);
  }

  #drop(io: NbdIo): void {
    io.slab?.release();
    if (io.owned !== null) this.#parts.buffers.give(io.owned);
    this.#recycle(io);
  }

  #recycle(io: NbdIo): void {
    io.forgetData();
    this.#parts.ios.give(io);
  }

  #writeReadHeader(view: DataView, at: number, io: NbdIo): void {
    if (this.#parts.agreement.structuredReplies) writeDataChunkHeader(view, at, io);
    else writeSimpleReply(view, at, 0, io);
  }

  /** A request that was refused before it became an I/O. */
  #answerError(request: NbdRequest, error: number): void {
    this.#parts.target.meter.count(operationOf(request.command) ?? BLOCK_STATUS_CODE, 0, error);
    this.#writeError(request, error);
  }

  #answerErrorOf(io: NbdIo): void {
    if (io.code === READ) this.#writeError(io, io.error);
    else this.#parts.writer.addSimple(io, io.error);
  }

  /** Structured where agreed: required for reads, allowed for all. */
  #writeError(cookie: Cookie, error: number): void {
    const { writer, agreement } = this.#parts;
    if (agreement.structuredReplies) writer.addErrorChunk(cookie, error);
    else writer.addSimple(cookie, error);
  }
}
