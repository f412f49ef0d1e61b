// One client's connection: reads its bytes, leads it through handshake and transmission, holds it
// still while a chain is rebuilt, and packs it up when the VM moves to another process.
import type { Socket } from 'node:net';
import type { Clock, Timer } from '#lib/base/clock.ts';
import { FormatError } from '#lib/formats/format-error.ts';
import { REQUEST_HEADER_BYTES } from '#lib/formats/nbd/constants.ts';
import { encodeGreeting } from '#lib/formats/nbd/handshake.ts';
import { writeRequest } from '#lib/formats/nbd/transmission.ts';
import { ArrivalPoll, type PolledClient } from './arrival-poll.ts';
import type { BufferPool } from './buffer-pool.ts';
import {
  adoptAccepted,
  adoptInherited,
  descriptorOf,
  type ReadTarget,
  readAtOnce,
} from './client-socket.ts';
import { type Agreement, Handshake } from './handshake.ts';
import { InputBuffer } from './input-buffer.ts';
import type { ExportTable, NbdExport } from './nbd-export.ts';
import type { NbdIoPool } from './nbd-io.ts';
import type { Payload } from './payload.ts';
import { ReplyWriter } from './reply-writer.ts';
import { Transmission } from './transmission.ts';

/** A client that has not chosen an export by then is sent away, in milliseconds. */
const HANDSHAKE_MS = 30_000;
/** A client that does not take its last replies by then is cut off, in milliseconds. */
const LEAVE_MS = 5_000;

export interface ConnectionParts {
  exports: ExportTable;
  buffers: BufferPool;
  ios: NbdIoPool;
  clock: Clock;
  /** Whether the disk's connections are held now, so that one that comes is held too. */
  isHeld(target: NbdExport): boolean;
  onClose(connection: Connection): void;
  /** What a client did wrong, or how its connection broke. */
  log(message: string): void;
}

/** What is needed to go on with a connection in another process, beside its socket. */
export interface PackedConnection extends Agreement {
  phase: 'clientFlags' | 'options' | 'transmission';
  /** Of a connection in transmission. */
  diskKey: number | null;
  /** The disk for which a client in its handshake has chosen base:allocation. */
  contextDiskKey: number | null;
  input: Buffer;
}

export class Connection implements ReadTarget, PolledClient {
  readonly #parts: ConnectionParts;
  readonly #socket: Socket;
  readonly #input: InputBuffer;
  readonly #writer: ReplyWriter;
  readonly #poll: ArrivalPoll;
  #handshake: Handshake | null;
  #transmission: Transmission | null = null;
  #timer: Timer | null = null;
  #held = false;
  #leaving = false;
  #closed = false;
  /** Where the bytes under way will lie: in the payload, or behind the input. */
  #target: Payload | null = null;
  #flushQueued = false;

  private constructor(
    parts: ConnectionParts,
    open: (target: ReadTarget) => Socket,
    packed: PackedConnection | null,
  ) {
    this.#parts = parts;
    this.#poll = new ArrivalPoll(parts.clock);
    this.#input = new InputBuffer(parts.buffers);
    const phase = packed?.phase === 'options' ? 'options' : 'clientFlags';
    const agreement = packed ? agreementOf(packed) : undefined;
    this.#handshake = new Handshake(parts.exports, phase, agreement);
    // Before the socket is told where to read to.
    if (packed !== null) this.#input.append(packed.input);
    this.#socket = open(this);
    this.#writer = new ReplyWriter(parts.buffers, this.#socket, () => this.#relieved());
    this.#socket.on('error', (error) => parts.log(`connection lost: ${error.message}`));
    this.#socket.on('end', () => this.#socket.destroy());
    this.#socket.on('close', () => this.#onClosed());
    if (packed !== null) this.#unpack(packed, this.#handshake);
    if (this.#handshake !== null) this.#limitHandshake();
  }

  /**
   * Greets a client that has just connected; the socket must have been accepted with
   * `pauseOnConnect`.
   */
  static accept(parts: ConnectionParts, accepted: Socket): Connection {
    const connection = new Connection(parts, (target) => adoptAccepted(accepted, target), null);
    connection.#writer.append(encodeGreeting());
    connection.#writer.flush();
    connection.#socket.resume();
    return connection;
  }

  /** Goes on with a client that another process had; it is held until `release`. */
  static inherit(parts: ConnectionParts, fd: number, packed: PackedConnection): Connection {
    const connection = new Connection(parts, (target) => adoptInherited(fd, target), packed);
    connection.#held = true;
    if (connection.#transmission !== null) connection.#transmission.held = true;
    return connection;
  }

  get socket(): Socket {
    return this.#socket;
  }

  get descriptor(): number {
    return descriptorOf(this.#socket);
  }

  /** The disk that the client has chosen. */
  get target(): NbdExport | null {
    return this.#handshake === null ? this.#chosen : null;
  }
  #chosen: NbdExport | null = null;

  get inFlight(): number {
    return this.#transmission?.inFlight ?? 0;
  }

  /** Closed, or about to be: its client is not to be served any more. */
  get leaving(): boolean {
    return this.#closed || this.#leaving;
  }

  /** Requests that have arrived and not begun. */
  waitingRequests(): number {
    return this.#closed ? 0 : (this.#transmission?.waitingRequests() ?? 0);
  }

  /** Bytes of replies that the client has not taken. */
  get unsentBytes(): number {
    return this.#closed ? 0 : this.#writer.unsentBytes;
  }

  room(): Buffer {
    const payload = this.#transmission?.payload ?? null;
    // One that is whole waits for its turn; what comes now belongs behind it. And behind what of it
    // came into the input: it may have been begun after that room was offered.
    const isNext = payload !== null && !payload.complete && this.#input.length === 0;
    this.#target = isNext ? payload : null;
    return this.#target === null ? this.#input.room() : this.#target.room();
  }

  received(bytes: number): void {
    if (this.#target !== null) this.#target.advance(bytes);
    else this.#input.end += bytes;
    this.#target = null;
    if (this.#held) this.#socket.pause();
    this.#work();
    this.#poll.run(this);
  }

  wantsNext(): boolean {
    // Who has not taken its last reply sends no request; what is left of it waits for the loop.
    if (this.#held || this.leaving || this.#writer.unsentBytes > 0) return false;
    return this.#transmission?.isAloneAndDone ?? false;
  }

  takeArrived(): boolean {
    const bytes = readAtOnce(this.#socket, this.room());
    if (bytes > 0) this.received(bytes);
    return bytes > 0;
  }

  /**
   * Begins no request any more; those under way go on. What has been sent by now is still read, so
   * that it can be counted; the rest waits in the kernel.
   */
  hold(): void {
    this.#held = true;
    if (this.#transmission !== null) this.#transmission.held = true;
  }

  /** Goes on; returns how many requests had waited. */
  release(): number {
    const waiting = this.waitingRequests();
    this.#held = false;
    if (this.#transmission !== null) this.#transmission.held = false;
    if (this.#closed) return waiting;
    this.#work();
    return waiting;
  }

  /** For another process; the connection must be held and nothing in flight. */
  pack(): PackedConnection {
    this.#socket.pause();
    const agreement = this.#handshake?.agreement ?? this.#agreement;
    return {
      ...agreement,
      phase: this.#handshake?.phase ?? 'transmission',
      diskKey: this.#chosen?.diskKey ?? null,
      contextDiskKey: this.#handshake?.contextOf?.diskKey ?? null,
      input: this.#unworked(),
    };
  }
  #agreement: Agreement = { noZeroes: false, structuredReplies: false, blockStatus: false };

  /** Ends the connection in this process without a word to the client. */
  destroy(): void {
    this.#socket.destroy();
  }

  #unworked(): Buffer {
    const payload = this.#transmission?.payload;
    if (!payload) return this.#input.rest();
    const header = Buffer.alloc(REQUEST_HEADER_BYTES);
    writeRequest(new DataView(header.buffer, header.byteOffset), 0, payload.request);
    return Buffer.concat([header, payload.arrived, this.#input.rest()]);
  }

  #unpack(packed: PackedConnection, handshake: Handshake): void {
    const { exports } = this.#parts;
    handshake.contextOf = exports.byKey(packed.contextDiskKey);
    if (packed.phase === 'transmission') {
      const found = exports.byKey(packed.diskKey);
      if (found === null) throw new FormatError('The connection uses a disk that is not there.');
      this.#enterTransmission(found, agreementOf(packed));
    }
  }

  #work(): void {
    if (this.#held || this.#closed || this.#leaving) return;
    try {
      if (this.#handshake !== null) this.#shakeHands(this.#handshake);
    } catch (thrown) {
      if (!(thrown instanceof FormatError)) throw thrown;
      this.#leave(thrown.message);
      return;
    }
    if (this.#transmission === null || this.#held) return;
    const result = this.#transmission.run();
    if (result === 'garbage') this.#leave('the request is malformed');
    else if (result === 'disconnect') this.#leave(null);
    else this.#read();
  }

  /** Reads on, or not while requests wait for others to end. */
  #read(): void {
    if (this.#transmission?.blocked) this.#socket.pause();
    else if (this.#socket.isPaused()) this.#socket.resume();
  }

  #shakeHands(handshake: Handshake): void {
    for (;;) {
      const { slab, at, end } = this.#input;
      const step = handshake.step(slab.buffer.subarray(at, end));
      if (step === null) break;
      this.#input.at += step.consumed;
      for (const reply of step.replies) this.#writer.append(reply);
      if (step.next === 'close') {
        this.#leave(null);
        return;
      }
      if (step.next === 'options') continue;
      if (handshake.chosen !== null) this.#enterTransmission(handshake.chosen, handshake.agreement);
      break;
    }
    this.#writer.flush();
    if (!this.#held && this.#socket.isPaused()) this.#socket.resume();
  }

  #enterTransmission(chosen: NbdExport, agreement: Agreement): void {
    const { buffers, ios, clock } = this.#parts;
    this.#timer?.cancel();
    this.#handshake = null;
    this.#chosen = chosen;
    this.#agreement = agreement;
    this.#transmission = new Transmission({
      target: chosen,
      agreement,
      input: this.#input,
      writer: this.#writer,
      buffers,
      ios,
      clock,
      onFinished: () => this.#queueFlush(),
    });
    if (this.#parts.isHeld(chosen)) this.hold();
  }

  /** Replies that come in one turn of the loop leave together. */
  #queueFlush(): void {
    if (this.#flushQueued) return;
    this.#flushQueued = true;
    process.nextTick(() => {
      this.#flushQueued = false;
      if (this.#closed) return;
      this.#writer.flush();
      if (this.#leaving) this.#endWhenIdle();
      else this.#work();
    });
  }

  #relieved(): void {
    if (!this.#leaving && this.#transmission !== null && this.#socket.isPaused()) this.#work();
  }

  /** Takes nothing more in; ends the connection when all that is under way has been answered. */
  #leave(why: string | null): void {
    if (why !== null) this.#parts.log(`client sent away: ${why}`);
    this.#leaving = true;
    this.#socket.pause();
    this.#endWhenIdle();
  }

  #endWhenIdle(): void {
    if (this.inFlight > 0 || this.#socket.writableEnded) return;
    this.#writer.flush();
    this.#timer?.cancel();
    this.#timer = this.#parts.clock.after(LEAVE_MS, () => this.#socket.destroy());
    this.#socket.end(() => this.#socket.destroy());
  }

  #limitHandshake(): void {
    this.#timer = this.#parts.clock.after(HANDSHAKE_MS, () => {
      if (this.#handshake !== null) this.#leave('the handshake took too long');
    });
  }

  #onClosed(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#input.release();
    this.#writer.release();
    this.#transmission?.abandon();
    const payload = this.#transmission?.payload;
    if (payload) this.#parts.buffers.give(payload.buffer);
    this.#parts.onClose(this);
  }
}

function agreementOf({ noZeroes, structuredReplies, blockStatus }: Agreement): Agreement {
  return { noZeroes, structuredReplies, blockStatus };
}
