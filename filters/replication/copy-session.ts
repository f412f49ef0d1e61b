// How a disk stands to its copy: opens it at the target by way of the daemon, finds out what the
// copy lacks, has that sent, and from then on every change. Without daemon or target it only
// remembers what is to be sent.
import type { FilterContext } from '#lib/filter-sdk/filter.ts';
import { RESYNC_OF_ALL, type RecordKind } from '#lib/filter-sdk/replication-record.ts';
import type { Change, ChangeOrder } from './change-order.ts';
import { MarksCleaner } from './marks-cleaner.ts';
import { decodeToDisk, encodeClose, encodeJson, type OpenedMessage } from './messages.ts';
import { RecordStream } from './record-stream.ts';
import type { RegionMap } from './region-map.ts';
import { Resync } from './resync/resync.ts';
import { channelSettingsOf, type Settings } from './settings.ts';
import type { StateStore } from './state-store.ts';

/** So many numbers are reserved at once; a new session leaves as many out. */
const STRIDE = 2 ** 20;
/** More are reserved when fewer are left than this. */
const LOW = STRIDE / 2;
/** Numbers of one change at most, which are given without another look. */
const MARGIN = 256;
/** While the copy is brought up to date, so much of the guest's changes may be under way. */
const CATCH_UP_BYTES = 16 * 1024 * 1024;
const EMPTY = new Uint8Array(0);
/** As the offset of `resyncBegin`: of a part, of all. */
const OF_PART = 0;
const OF_ALL = RESYNC_OF_ALL;

/** `apart`: nothing is sent; `catchingUp`: the copy is brought up to date; `inSync`. */
export type Phase = 'apart' | 'catchingUp' | 'inSync';

export interface CopySessionParts {
  context: FilterContext;
  store: StateStore;
  order: ChangeOrder;
  /** What is known to be missing at the copy. */
  toSend: RegionMap;
  settings(): Settings;
  /** Hexadecimal. */
  key: string;
  onInSync(): void;
  /** Changes that were under way will not be acknowledged. */
  onApart(): void;
  /** Another virtual machine stands in for the disk's: nothing will be acknowledged any more. */
  onReplaced(why: string): void;
  /** The target has answered, or is said to be away. */
  onHeard(): void;
  /** The target has everything up to some change. */
  onProgress(): void;
}

export class CopySession {
  readonly stream: RecordStream;
  readonly resync: Resync;
  readonly cleaner: MarksCleaner;
  toSend: RegionMap;
  phase: Phase = 'apart';
  /** The target does not take records at the moment. */
  isAway = true;
  /** Why; empty when nobody has said. */
  why = '';
  /** The copy has never been whole, as far as is known. */
  isInitial = false;
  readonly #parts: CopySessionParts;
  #attempt = 0;
  /** Of the copy, as far as it was told. */
  #copyBytes = 0;
  #sizeBytes: number;
  #isReserving = false;
  #isHeld = false;

  constructor(parts: CopySessionParts) {
    const { context, store, order } = parts;
    this.#parts = parts;
    this.toSend = parts.toSend;
    this.#sizeBytes = context.disk.sizeBytes;
    const { clock, below, log } = context;
    const toSend = (): RegionMap => this.toSend;
    this.stream = new RecordStream({
      clock,
      send: (message) => context.daemon?.send(message) ?? false,
      isPrompt: () => parts.settings().isSynchronous && this.phase === 'inSync',
      session: () => store.state.session,
      onOverflow: () => this.reopen(),
      onLost: ({ offset, end }) => this.toSend.add(offset, end),
    });
    this.cleaner = new MarksCleaner({
      ...{ below, clock, store, order, toSend, stream: this.stream },
      log: (message) => log('warning', message),
    });
    this.resync = new Resync({
      ...{ below, clock, order, toSend, stream: this.stream },
      onSent: ({ offset, end }) => this.cleaner.touch(offset, end),
      onTrouble: (message) => {
        context.raiseEvent('warning', `The disk cannot be read to replicate it: ${message}`);
      },
      onDone: () => this.#caughtUp(),
    });
    context.daemon?.onMessage((bytes) => this.#hear(bytes));
    context.daemon?.onState((connected) => (connected ? this.reopen() : this.part()));
  }

  /** Whether the data of a change are wanted when it is done. */
  wants(offset: number, end: number): boolean {
    const { stream } = this;
    if (!stream.isOpen) return false;
    if (this.resync.isReading(offset, end)) return true;
    if (stream.isFull) return false;
    if (this.phase === 'inSync') return true;
    // A line that cannot take it all is left to what was not sent yet.
    if (stream.bytesUnderWay > CATCH_UP_BYTES) return false;
    return !this.toSend.hasAll(offset, end);
  }

  /** A change is done. True when the target will have it, and `onDurable` is called then. */
  send({ kind, offset, end, data }: Change, onDurable?: () => void): boolean {
    this.cleaner.touch(offset, end);
    this.resync.guestWorks();
    if (!this.stream.isOpen) {
      this.toSend.add(offset, end);
      return false;
    }
    const isReading = this.resync.isReading(offset, end);
    const isTooMuch = kind !== 'write' && this.stream.isFull && !isReading;
    if ((kind === 'write' && data === null) || isTooMuch) {
      this.missing(offset, end);
      return false;
    }
    const isWaiting = this.phase !== 'inSync' && this.toSend.hasAll(offset, end);
    if (isWaiting && !isReading) return false;
    if (end > this.#copyBytes) this.#emit('grow', this.#sizeBytes);
    this.stream.emit({ kind, offset, end, data: data ?? EMPTY, ...(onDurable && { onDurable }) });
    this.#reserve();
    return this.stream.isOpen;
  }

  /** The copy lacks that, and has to be brought up to date. */
  missing(offset: number, end: number): void {
    this.toSend.add(offset, end);
    this.cleaner.touch(offset, end);
    this.resync.spoil(offset, end);
    // Behind the end of a resync every record would count as a moment, of which this is missing.
    const isWhole = this.phase === 'catchingUp' && !this.resync.isRunning;
    if (this.phase === 'inSync' || isWhole) this.#catchUp(OF_PART);
    else this.resync.pump();
  }

  /** A moment with a name. */
  mark(name: string): void {
    if (!this.stream.isOpen) return;
    const data = new TextEncoder().encode(name);
    this.stream.emit({ kind: 'mark', offset: 0, end: 0, data });
  }

  /** No number that was given until now is given again, and none that is given later is as low. */
  async endSession(): Promise<void> {
    const { store } = this.#parts;
    this.stream.extend(0);
    store.state.reserved = this.stream.last;
    await store.save();
  }

  async beginSession(): Promise<void> {
    const { store } = this.#parts;
    store.state.session += 1;
    store.state.reserved = this.stream.last + STRIDE;
    await store.save();
    this.stream.extend(store.state.reserved - MARGIN);
  }

  grow(sizeBytes: number): void {
    this.#sizeBytes = sizeBytes;
    this.toSend = this.toSend.resized(sizeBytes);
    this.cleaner.resize(sizeBytes);
    this.#parts.store.resize(sizeBytes);
    if (this.stream.isOpen) this.#emit('grow', sizeBytes);
  }

  /** Nothing is sent, and nothing written down, until `goOn`. */
  async hold(): Promise<void> {
    this.#isHeld = true;
    this.part();
    await this.#parts.store.hold();
  }

  goOn(): void {
    this.#isHeld = false;
    this.#parts.store.release();
    this.reopen();
  }

  /** What is below, and what is kept with it, is another disk's: nothing is ever sent again. */
  giveUp(): void {
    this.#isHeld = true;
    this.#parts.store.release(true);
  }

  /** Begins anew with the target: what was under way is sent again from the disk. */
  reopen(): void {
    this.part();
    if (this.#isHeld) return;
    const settings = this.#parts.settings();
    const { target, pairing, replicaId, era } = settings;
    const { attempt, sizeBytes } = { attempt: this.#attempt, sizeBytes: this.#sizeBytes };
    const { key, context } = this.#parts;
    const place = { ...target, pairing, key, replicaId, era };
    const open = { attempt, ...place, sizeBytes, ...channelSettingsOf(settings) };
    context.daemon?.send(encodeJson('open', open));
  }

  tellSettings(): void {
    const change = channelSettingsOf(this.#parts.settings());
    this.#parts.context.daemon?.send(encodeJson('change', change));
  }

  /** Leaves the copy to whoever opens the disk next. */
  leave(): void {
    this.part();
    this.#parts.context.daemon?.send(encodeClose());
  }

  /** Sends nothing more, and remembers what the target may not have. */
  part(): void {
    this.#attempt += 1;
    this.resync.stop();
    for (const { offset, end } of this.stream.stop()) this.toSend.add(offset, end);
    this.phase = 'apart';
    this.isAway = true;
    this.#parts.onApart();
  }

  #hear(bytes: Uint8Array): void {
    const message = decodeToDisk(bytes);
    if (message?.type === 'durable') {
      this.#durable(message.sequence);
    } else if (message?.type === 'away' && message.away.attempt === this.#attempt) {
      if (!this.isAway || this.why === '') this.#warn(message.away.why);
      this.isAway = true;
      this.why = message.away.why;
      this.#parts.onHeard();
    } else if (message?.type === 'replaced' && message.away.attempt === this.#attempt) {
      this.#parts.onReplaced(message.away.why);
      this.part();
      this.why = message.away.why;
      this.#parts.onHeard();
    } else if (message?.type === 'opened' && message.opened.attempt === this.#attempt) {
      this.#opened(message.opened);
      this.#parts.onHeard();
    }
  }

  #warn(why: string): void {
    this.#parts.context.raiseEvent('warning', `The replication target cannot be used: ${why}`);
  }

  #durable(sequence: number): void {
    if (!this.stream.isOpen) return;
    this.stream.durable(sequence);
    this.resync.pump();
    this.#parts.onProgress();
  }

  #opened(opened: OpenedMessage): void {
    if (this.why !== '') {
      this.#parts.context.raiseEvent('info', 'The replication target can be used again.');
    }
    this.isAway = false;
    this.why = '';
    if (!opened.again) {
      void this.#begin(opened).catch((thrown: unknown) => this.#cannotBegin(thrown));
      return;
    }
    // The daemon sends again what the target lacks, unless the target has lost what it had.
    if (opened.needsAll || opened.durable < this.stream.acknowledged) this.reopen();
    else this.#durable(opened.durable);
  }

  /** Decides what the copy lacks. No record is sent before it is kept what was decided. */
  async #begin({ durable, needsAll, needsResync, sizeBytes }: OpenedMessage): Promise<void> {
    const { store } = this.#parts;
    const { state } = store;
    const attempt = this.#attempt;
    // Behind what was ever reserved: what is kept here is older than the copy, as after a revert.
    const isOlder = durable > state.reserved;
    const hasLost = durable < state.confirmed;
    const all = needsAll || isOlder || hasLost || (needsResync && !state.resyncing);
    if (all) {
      this.toSend.add(0, this.#sizeBytes);
      store.mark(0, this.#sizeBytes);
      state.confirmed = 0;
    }
    if (durable === 0) this.isInitial = true;
    const last = Math.max(state.reserved, durable);
    state.reserved = last + STRIDE;
    state.resyncing = true;
    await store.save();
    if (attempt !== this.#attempt) return;
    this.stream.acknowledged = durable;
    this.#copyBytes = sizeBytes;
    this.stream.start(last, state.reserved - MARGIN);
    if (this.#copyBytes < this.#sizeBytes) this.#emit('grow', this.#sizeBytes);
    const needs = needsResync || !this.toSend.isEmpty;
    if (!needs) this.#caughtUp();
    else this.#catchUp(all ? OF_ALL : OF_PART, durable === 0);
  }

  #cannotBegin(thrown: unknown): void {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    this.#warn(`what is kept of the replication cannot be written: ${why}`);
    this.#parts.context.clock.after(5_000, () => {
      if (this.phase === 'apart') this.reopen();
    });
  }

  #catchUp(what: number, skipsZeroes = false): void {
    this.phase = 'catchingUp';
    this.#parts.store.state.resyncing = true;
    this.#emit('resyncBegin', what);
    this.resync.start({ skipsZeroes });
  }

  #caughtUp(): void {
    // What could not be sent since the end was written down comes with another resync.
    if (!this.toSend.isEmpty) {
      this.#catchUp(OF_PART);
      return;
    }
    this.phase = 'inSync';
    this.isInitial = false;
    this.#parts.store.state.resyncing = false;
    this.#parts.onInSync();
  }

  #emit(kind: RecordKind, offset: number): void {
    if (kind === 'grow') this.#copyBytes = offset;
    this.stream.emit({ kind, offset, end: offset, data: EMPTY });
  }

  /** More numbers, before they are needed. */
  #reserve(): void {
    const { store } = this.#parts;
    if (this.#isReserving || store.state.reserved - this.stream.last > LOW) return;
    this.#isReserving = true;
    store.state.reserved += STRIDE;
    const { reserved } = store.state;
    const attempt = this.#attempt;
    store
      .save()
      .then(() => attempt === this.#attempt && this.stream.extend(reserved - MARGIN))
      .catch((thrown: unknown) => this.#cannotBegin(thrown))
      .finally(() => {
        this.#isReserving = false;
      });
  }
}
