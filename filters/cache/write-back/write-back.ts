// Write-back for one disk: writes are answered when they stand in the log on the host's flash, and
// go down later. A claim beside the disk says so before the first of them, and until the last has
// gone down. docs/adr/0017-write-back-log.md.
import { Mutex } from '#lib/base/mutex.ts';
import {
  COMPLETE,
  DEFER,
  type Deferral,
  type DiskIo,
  EIO,
  type FilterTimer,
} from '#lib/filter-sdk/filter.ts';
import { Mirroring } from '../mirror/mirroring.ts';
import { Acknowledgement } from './acknowledgement.ts';
import { writeDownWithoutLog } from './broken-flash.ts';
import type { Claim } from './claim.ts';
import { ClaimKeeper } from './claim-keeper.ts';
import type { DirtyData } from './dirty-data.ts';
import { FlashFailure } from './flash-log.ts';
import { HeldIos, type Outcome } from './held-ios.ts';
import { isLoggable } from './loggable.ts';
import { makeLog, removeLog } from './new-log.ts';
import { PastLog } from './past-log.ts';
import { QuietTimer } from './quiet-timer.ts';
import type { WriteBackParts } from './write-back-parts.ts';

/** -EIO, as an answer. */
const FAILED = -5;
const CANNOT_GO_DOWN = 'bytes of unwritten data cannot be written to the disk';
/** After a round that failed, in milliseconds. */
const RETRY_MS = 1000;

/** `off`: writes go through. `entering`: they wait. `on`, `leaving`: the log takes them. */
type State = 'off' | 'entering' | 'on' | 'leaving' | 'stopped';

export class WriteBack {
  readonly #parts: WriteBackParts;
  readonly #held = new HeldIos();
  /** Claims, rounds, leaving: one at a time. */
  readonly #jobs = new Mutex();
  #state: State = 'off';
  #dirty: DirtyData | null = null;
  readonly #claim: ClaimKeeper;
  readonly #past: PastLog;
  /** While it leaves: writes wait for the end. */
  #holds = false;
  #flashFault: string | null = null;
  #leaving: Promise<void> | null = null;
  #roundWanted = false;
  readonly #quiet: QuietTimer;
  #retry: FilterTimer | null = null;
  #enter: (() => void) | null = null;
  readonly #answers: Acknowledgement;
  readonly mirroring: Mirroring;

  constructor(parts: WriteBackParts) {
    this.#parts = parts;
    this.mirroring = new Mirroring({
      ...{ context: parts.context, daemon: parts.daemon, hostName: parts.flash.host.name },
      wish: parts.mirrorWish,
      onDegrade: () => this.#goOnAlone(),
      onWriteThrough: () => this.leave(),
      onRetry: parts.onRestart,
    });
    this.#answers = new Acknowledgement({
      dirty: () => this.#dirty,
      mirror: () => this.mirroring.mirror,
      onFlashFailure: (thrown) => this.#stepAside(thrown),
    });
    this.#past = new PastLog({
      ...{ dirty: () => this.#dirty, jobs: this.#jobs, log: parts.context.log },
      ...{ streamBytes: parts.streamBytes, onPass: parts.onPass },
      onFlashFailure: (thrown) => this.#stepAside(thrown),
      makeDurable: () => this.#answers.makeDurable(),
      onFree: () => this.#release(),
    });
    this.#claim = new ClaimKeeper(parts.context);
    this.#quiet = new QuietTimer(parts.context.clock, () => this.#look());
  }

  /** Whether writes and flushes are its affair. */
  get takes(): boolean {
    return this.#state !== 'off';
  }

  get dirty(): DirtyData | null {
    return this.#dirty;
  }

  /** Writes down what an earlier life has left, to begin anew; what changes the disk waits. */
  async drain(claim: Claim, dirty: DirtyData): Promise<void> {
    this.#claim.adopt(claim);
    this.#dirty = dirty;
    this.#state = 'on';
    this.#holds = true;
    await this.leave().catch((thrown: unknown) => {
      this.#stop(`${dirty.bytes} ${CANNOT_GO_DOWN}, which takes no writes: ${thrown}`);
      throw thrown;
    });
  }

  /** Goes on with what an earlier life has left. */
  resume(claim: Claim, dirty: DirtyData): void {
    this.#claim.adopt(claim);
    this.#dirty = dirty;
    this.#state = 'entering';
    void this.#jobs.run(async () => {
      try {
        await dirty.log.begin();
        this.#begin();
      } catch (thrown) {
        this.#flashFails(thrown);
      }
    });
  }

  /** Claims the disk for the host's flash; from then on writes are answered from the log. */
  start(): Promise<void> {
    return this.#jobs.run(async () => {
      if (this.#state !== 'off' || this.#flashFault !== null) return;
      try {
        this.#dirty = await makeLog(this.#parts, this.mirroring, this.#claim);
        this.#state = 'entering';
        await this.#belowIsStill();
        this.#begin();
      } catch (thrown) {
        const message = `Writes go through, for there can be no write-back log: ${thrown}`;
        this.#parts.context.raiseEvent('warning', message);
        this.#release();
      }
    });
  }

  /** Writes all down and gives the claim up. Rejects when it cannot; then it is as before. */
  leave(): Promise<void> {
    this.#leaving ??= this.#jobs
      .run(() => this.#leave())
      .finally(() => {
        this.#leaving = null;
        this.#holds = false;
        this.#release();
      });
    return this.#leaving;
  }

  /** A write, a trim or a zeroing. Returns nothing to pass it on. */
  change(io: DiskIo): typeof DEFER | typeof COMPLETE | undefined | -5 {
    if (this.#state === 'stopped') return FAILED;
    this.#quiet.busy();
    if (this.#held.size > 0 || this.#mustWait(io)) this.#held.add(io);
    else if (this.#goesPast(io) && this.#past.passAtOnce(io)) return;
    else if (!this.#isLoggable(io)) this.#past.passLater(io, io.defer());
    else if (!this.#put(io)) this.#held.add(io);
    else if (io.fua) this.#answers.whenDurable(io.defer());
    else if (this.#answers.isImmediate) return COMPLETE;
    else this.#answers.whenThere(io.defer());
    return DEFER;
  }

  /** Returns nothing to pass it on. */
  flush(io: DiskIo): typeof DEFER | typeof COMPLETE | undefined | -5 {
    if (this.#state === 'stopped') return FAILED;
    const { onPass, isBelowDurable } = this.#parts;
    if (this.#answers.isDurable) {
      if (isBelowDurable()) return COMPLETE;
      onPass(io);
      return;
    }
    const token = io.defer();
    this.#answers.makeDurable().then(
      () => {
        if (isBelowDurable()) token.complete();
        else {
          onPass(io);
          token.pass();
        }
      },
      () => token.fail(EIO),
    );
    return DEFER;
  }

  changeEnded(io: DiskIo): void {
    this.#past.ended(io);
    if (this.#enter !== null && this.#parts.changesBelow() === 0) this.#enter();
    this.#release();
  }

  readEnded(): void {
    if (this.#held.size > 0) this.#release();
  }

  /** No I/O comes any more, and nothing of its own is under way. */
  close(): void {
    this.#quiet.cancel();
    this.#retry?.cancel();
    this.mirroring.close();
    this.#dirty?.log.close();
    this.#dirty = null;
    this.#state = 'stopped';
  }

  #release(): void {
    this.#held.release((io, token) => this.#decide(io, token));
  }

  #decide(io: DiskIo, token: Deferral): Outcome {
    if (this.#state === 'stopped') {
      token.fail(EIO);
      return 'taken';
    }
    if (this.#state === 'off') {
      this.#parts.onPass(io);
      return 'pass';
    }
    if (this.#mustWait(io)) return 'wait';
    if (!this.#isLoggable(io)) {
      if (this.#past.passAtOnce(io)) return 'pass';
      this.#past.passLater(io, token);
      return 'taken';
    }
    if (!this.#put(io)) return 'wait';
    if (io.fua) this.#answers.whenDurable(token);
    else if (this.#answers.isImmediate) return 'complete';
    else this.#answers.whenThere(token);
    return 'taken';
  }

  #mustWait(io: DiskIo): boolean {
    if (this.#state === 'entering' || this.#holds || this.#flashFault !== null) return true;
    return this.#past.touch(io);
  }

  #goesPast(io: DiskIo): boolean {
    return this.#past.isStream(io) || !this.#isLoggable(io);
  }

  /** What never finds room, not even when nothing is dirty, would wait for ever. */
  #isLoggable(io: DiskIo): boolean {
    return isLoggable(io) && (this.#dirty?.canHold(io.length) ?? true);
  }

  /** False when it has to wait. */
  #put(io: DiskIo): boolean {
    const dirty = this.#dirty;
    if (dirty === null || this.#mustWait(io)) return false;
    const { offset, length } = io;
    if (!dirty.hasRoom(length)) {
      this.#wantRound();
      return false;
    }
    try {
      const data = io.operation === 'write' ? io.data : new Uint8Array(length);
      if (!dirty.put(offset, data)) return false;
    } catch (thrown) {
      this.#flashFails(thrown);
      return false;
    }
    if (dirty.fullness >= this.#parts.watermarks().high) this.#wantRound();
    this.#quiet.arm();
    return true;
  }

  #wantRound(): void {
    if (this.#roundWanted || this.#state !== 'on') return;
    this.#roundWanted = true;
    void this.#jobs.run(() => this.#round());
  }

  async #round(): Promise<void> {
    const dirty = this.#dirty;
    if (dirty === null || this.#state !== 'on') {
      this.#roundWanted = false;
      return;
    }
    try {
      const { low } = this.#parts.watermarks();
      const waits = this.#held.size > 0;
      const all = this.#quiet.isQuiet && !waits;
      await dirty.round(all ? 0 : dirty.bytesToKeep(low, waits));
      this.#roundWanted = false;
    } catch (thrown) {
      if (thrown instanceof FlashFailure) this.#flashFails(thrown);
      else this.#roundFailed(dirty, thrown);
    }
    this.#release();
  }

  #roundFailed(dirty: DirtyData, thrown: unknown): void {
    const { context } = this.#parts;
    context.raiseEvent('error', `${dirty.bytes} ${CANNOT_GO_DOWN}: ${thrown}`);
    // Those that wait for room would wait for ever; the next round begins in a while.
    this.#held.fail(EIO);
    this.#retry = context.clock.after(RETRY_MS, () => {
      this.#roundWanted = false;
      this.#wantRound();
    });
  }

  async #leave(): Promise<void> {
    const dirty = this.#dirty;
    if (dirty === null || this.#state === 'off' || this.#state === 'stopped') return;
    const { context } = this.#parts;
    const before = this.#state;
    this.#state = 'leaving';
    try {
      // Most goes down while the guest writes on, and the rest while its writes wait.
      if (this.#flashFault === null) await dirty.round(0);
      this.#release();
      this.#holds = true;
      await this.#answers.settled();
      await dirty.round(0);
      await this.#answers.settled();
    } catch (thrown) {
      this.#state = before;
      const isFlash = thrown instanceof FlashFailure;
      if (!isFlash && this.#flashFault === null) throw thrown;
      if (isFlash) this.#flashFails(thrown);
      await writeDownWithoutLog(dirty, context.clock).catch((cause: unknown) => {
        const what = `${dirty.bytes} bytes of unwritten data are at stake`;
        this.#stop(`Flash and storage fail, and ${what}. The disk takes no more writes: ${cause}`);
        throw cause;
      });
    }
    await this.#claim.giveUp().catch((thrown: unknown) => {
      this.#state = this.#flashFault === null ? before : 'stopped';
      throw thrown;
    });
    this.#dirty = null;
    this.#state = 'off';
    this.mirroring.end();
    removeLog(dirty.log, context);
  }

  /** The claim names the mirror no more: what is answered from now on is on this host alone. */
  async #goOnAlone(): Promise<void> {
    try {
      await this.#claim.dropMirror();
      this.mirroring.end();
    } catch (thrown) {
      // Whoever has the mirror may have the disk: nothing is promised any more.
      this.#stop(`The disk takes no more writes, for it may be open elsewhere: ${thrown}`);
      throw thrown;
    }
  }

  #stop(message: string): void {
    this.#state = 'stopped';
    this.#parts.context.raiseEvent('error', message);
    this.#release();
  }

  #flashFails(thrown: unknown): void {
    if (this.#flashFault !== null) return;
    this.#flashFault = String(thrown);
    const { context } = this.#parts;
    context.raiseEvent('error', `The host's flash fails, the cache steps aside: ${thrown}`);
    this.leave().catch((cause: unknown) => context.log('error', String(cause)));
  }

  async #stepAside(thrown: unknown): Promise<void> {
    this.#flashFails(thrown);
    await this.#leaving;
  }

  #begin(): void {
    this.#state = 'on';
    this.#quiet.arm();
    this.#release();
  }

  async #belowIsStill(): Promise<void> {
    if (this.#parts.changesBelow() === 0) return;
    await new Promise<void>((resolve) => {
      this.#enter = resolve;
    });
    this.#enter = null;
  }

  /** Has dirty data go down in quiet, and keeps the claim's count about right. */
  #look(): boolean {
    const dirty = this.#dirty;
    if (dirty === null || this.#state === 'stopped') return false;
    if (this.#quiet.isQuiet && dirty.log.used > 0) this.#wantRound();
    if (this.#claim.isDue(dirty.bytes)) void this.#claim.count(dirty.bytes);
    return dirty.log.used > 0 || this.#claim.isStale(dirty.bytes);
  }
}
