// Whether the log of one disk is mirrored to another host, as the policy wants it: opens mirrors,
// says what becomes of the disk when one is lost, and tries again later.
import type { DaemonLine, FilterContext, FilterTimer } from '#lib/filter-sdk/filter.ts';
import type { FlashFile } from '#lib/filter-sdk/host-flash.ts';
import { LogFetch } from './log-fetch.ts';
import { Mirror } from './mirror.ts';
import { decodeMessage, encodeMessage, type MirrorMessage } from './mirror-messages.ts';

export type MirrorWish = 'off' | 'degrade' | 'writeThrough';

/** A mirror must have been found by then, in milliseconds. */
const OPEN_MS = 5_000;
/** Hosts that have a log of an earlier life must have been found by then, in milliseconds. */
const FETCH_MS = 20_000;
const FETCH_RETRY_MS = 500;
/** Until it is tried again: when another host has come, the first time, at most; milliseconds. */
const RETRY_MS = { soon: 1_000, first: 5_000, most: 300_000 };

type LogMaker = (sizeBytes: number) => FlashFile;

export interface MirroringParts {
  context: Pick<FilterContext, 'clock' | 'raiseEvent' | 'log' | 'disk'>;
  daemon: DaemonLine | null;
  /** Of this host, for the other's administrator. */
  hostName: string;
  wish(): MirrorWish;
  /** Goes on with the own log alone; resolves when that is durable beside the disk. */
  onDegrade(): Promise<void>;
  /** Writes all down and writes through from then on. */
  onWriteThrough(): Promise<void>;
  /** It is time to begin again, with a new log and a new mirror. */
  onRetry(): void;
}

export class Mirroring {
  readonly #parts: MirroringParts;
  #mirror: Mirror | null = null;
  #peers = 0;
  #connected = false;
  #isInUse = false;
  #opening: ((message: MirrorMessage) => void) | null = null;
  #fetch: LogFetch | null = null;
  #onPeers: (() => void) | null = null;
  #retry: FilterTimer | null = null;
  #retryMs = RETRY_MS.first;
  #forget = '';

  constructor(parts: MirroringParts) {
    this.#parts = parts;
    parts.daemon?.onMessage((bytes) => this.#hear(decodeMessage(bytes)));
    parts.daemon?.onState((connected) => this.#setConnected(connected));
  }

  /** The mirror of the log that is in use. */
  get mirror(): Mirror | null {
    return this.#mirror;
  }

  get isWanted(): boolean {
    return this.#parts.wish() !== 'off';
  }

  /** A mirror that an earlier life has left, to be removed by the host that has it. */
  forget(logId: string): void {
    this.#forget = logId;
  }

  /**
   * Null when none is wanted, or the policy does without one for now. Rejects when there is none
   * and the policy writes through then.
   */
  async open(sizeBytes: number): Promise<Mirror | null> {
    this.end();
    if (!this.isWanted) return null;
    try {
      const mirror = await this.#find(sizeBytes);
      this.#retryMs = RETRY_MS.first;
      return mirror;
    } catch (thrown) {
      const why = thrown instanceof Error ? thrown.message : String(thrown);
      this.#tryLater();
      if (this.#parts.wish() !== 'degrade') throw new Error(`there is no mirror: ${why}`);
      const message = 'Unwritten data are on this host alone, for there is no mirror';
      this.#parts.context.raiseEvent('warning', `${message}: ${why}`);
      return null;
    }
  }

  /**
   * Brings one of these logs here, the first that a host has, into a file that `make` makes; what
   * the other host has of it stays there until `dropFetched`. Rejects with why there is none.
   */
  async fetch(logIds: readonly string[], make: LogMaker): Promise<FlashFile> {
    const { clock } = this.#parts.context;
    const until = clock.monotonic() + FETCH_MS;
    for (;;) {
      try {
        return await this.#fetchAny(logIds, make);
      } catch (thrown) {
        if (clock.monotonic() >= until) throw thrown;
      }
      // Its daemon may have just been started, and not know the other hosts yet.
      await new Promise<void>((resolve) => {
        clock.after(FETCH_RETRY_MS, resolve);
      });
    }
  }

  /** All of it is on the disk. */
  dropFetched(): void {
    this.#parts.daemon?.send(encodeMessage({ kind: 'remove' }));
  }

  /** The log is about to be used: the policy says from here on what a loss means. */
  begin(): void {
    this.#isInUse = true;
  }

  /** The log is not in use any more. */
  end(): void {
    this.#mirror = null;
    this.#isInUse = false;
  }

  close(): void {
    this.#retry?.cancel();
    this.#mirror?.close();
    this.#mirror = null;
  }

  async #fetchAny(logIds: readonly string[], make: LogMaker): Promise<FlashFile> {
    const { daemon, context } = this.#parts;
    if (daemon === null) throw new Error('the filter has no daemon on this host');
    await this.#withinTime(() => this.#havePeers());
    let why: unknown = null;
    for (const logId of logIds) {
      const send = (message: MirrorMessage) => daemon.send(encodeMessage(message));
      const fetch = new LogFetch({ clock: context.clock, logId, send, make });
      this.#fetch = fetch;
      try {
        return await fetch.run();
      } catch (thrown) {
        why = thrown;
      } finally {
        this.#fetch = null;
      }
    }
    throw why;
  }

  async #find(sizeBytes: number): Promise<Mirror> {
    const { daemon, context, hostName } = this.#parts;
    if (daemon === null) throw new Error('the filter has no daemon on this host');
    const opened = await this.#withinTime(async () => {
      await this.#havePeers();
      const { id: diskId } = context.disk;
      const request = { kind: 'open', diskId, hostName, sizeBytes, forget: this.#forget } as const;
      if (!daemon.send(encodeMessage(request))) throw new Error('its daemon is away');
      return new Promise<MirrorMessage>((resolve) => {
        this.#opening = resolve;
      });
    });
    if (opened.kind !== 'opened') {
      throw new Error(opened.kind === 'lost' ? opened.why : 'the daemon said what is no answer');
    }
    this.#forget = '';
    const { hostId, hostName: there, logId } = opened;
    const mirror: Mirror = new Mirror({
      place: { hostId, hostName: there, logId },
      clock: context.clock,
      send: (message) => (this.#mirror === mirror || !this.#mirror ? daemon.send(message) : false),
      onLost: (why) => this.#lost(mirror, why),
    });
    this.#mirror = mirror;
    return mirror;
  }

  async #withinTime<T>(work: () => Promise<T>): Promise<T> {
    let reject: (thrown: Error) => void = () => undefined;
    const late = new Promise<never>((_, fail) => {
      reject = fail;
    });
    const timer = this.#parts.context.clock.after(OPEN_MS, () => {
      reject(new Error('no host has answered in time'));
    });
    try {
      return await Promise.race([work(), late]);
    } finally {
      timer.cancel();
      this.#opening = null;
      this.#onPeers = null;
    }
  }

  async #havePeers(): Promise<void> {
    if (this.#connected && this.#peers > 0) return;
    await new Promise<void>((resolve) => {
      this.#onPeers = resolve;
    });
  }

  #hear(message: MirrorMessage | null): void {
    if (message === null) return;
    if (message.kind === 'peers') {
      this.#peers = message.count;
      if (message.count > 0) this.#onPeers?.();
      // Somebody has come: the pause was for nobody being there.
      if (message.count > 0 && this.#retry !== null) this.#tryLater(RETRY_MS.soon);
    } else if (this.#fetch !== null) this.#fetch.hear(message);
    else if (this.#opening !== null) this.#opening(message);
    else this.#mirror?.hear(message);
  }

  #setConnected(connected: boolean): void {
    this.#connected = connected;
    if (connected) return;
    this.#peers = 0;
    this.#fetch?.fail(new Error('the daemon of this host is away'));
    this.#mirror?.lose('the daemon of this host is away');
  }

  async #lost(mirror: Mirror, why: string): Promise<void> {
    if (this.#mirror !== mirror) return;
    const { context, wish, onDegrade, onWriteThrough } = this.#parts;
    this.#tryLater();
    if (!this.#isInUse && wish() !== 'degrade') throw new Error(`the mirror is lost: ${why}`);
    const about = `The mirror of unwritten data on ${mirror.place.hostName} is lost (${why})`;
    if (wish() === 'degrade') {
      await onDegrade();
      context.raiseEvent('warning', `${about}: they are on this host alone`);
    } else {
      await onWriteThrough();
      context.raiseEvent('warning', `${about}: writes go through`);
    }
  }

  #tryLater(pauseMs = this.#retryMs): void {
    this.#retry?.cancel();
    this.#retryMs = Math.min(Math.max(2 * pauseMs, RETRY_MS.first), RETRY_MS.most);
    this.#retry = this.#parts.context.clock.after(pauseMs, () => {
      this.#retry = null;
      if (this.#connected && this.#peers > 0) this.#parts.onRetry();
      else this.#tryLater();
    });
  }
}
