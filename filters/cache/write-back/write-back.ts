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
import { SECTOR_BYTES } from '../sectors.ts';
import { writeDownWithoutLog } from './broken-flash.ts';
import type { Claim } from './claim.ts';
import { ClaimKeeper } from './claim-keeper.ts';
import type { DirtyData } from './dirty-data.ts';
import { FlashFailure } from './flash-log.ts';
import { HeldIos, type Outcome } from './held-ios.ts';
import { DATA_BYTES_MAX } from './log-format.ts';
import { PassingRanges } from './passing-ranges.ts';
import { QuietTimer } from './quiet-timer.ts';
import type { WriteBackParts } from './write-back-parts.ts';

/** -EIO, as an answer. */
const FAILED = -5;
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
  readonly #passing = new PassingRanges();
  /** While it leaves: writes wait for the end. */
  #holds = false;
  #flashFault: string | null = null;
  #leaving: Promise<void> | null = null;
  #roundWanted = false;
  readonly #quiet: QuietTimer;
  #retry: FilterTimer | null = null;
  #enter: (() => void) | null = null;
  readonly #syncs = new Set<Promise<void>>();

  constructor(parts: WriteBackParts) {
    this.#parts = parts;
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
      const { context, flash, make, logBytes, blocks } = this.#parts;
      let dirty: DirtyData | null = null;
      try {
        dirty = make(flash, logBytes());
        await dirty.log.begin();
        const { id: hostId, name: hostName } = flash.host;
        const size = { dirtyBytes: 0, logBytes: logBytes(), blocks: blocks() };
        await this.#claim.make({ logId: dirty.log.id, hostId, hostName, ...size });
        this.#dirty = dirty;
        this.#state = 'entering';
        await this.#belowIsStill();
        this.#begin();
      } catch (thrown) {
        this.#state = 'off';
        if (dirty !== null) this.#discard(dirty);
        const message = `Writes go through, for there can be no write-back log: ${thrown}`;
        context.raiseEvent('warning', message);
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

  /** A write, a trim or a zeroing. */
  change(io: DiskIo): typeof DEFER | typeof COMPLETE | -5 {
    if (this.#state === 'stopped') return FAILED;
    this.#quiet.busy();
    if (this.#held.size > 0 || this.#mustWait(io)) this.#held.add(io);
    else if (!isLoggable(io)) this.#goPast(io, io.defer());
    else if (!this.#put(io)) this.#held.add(io);
    else if (io.fua) this.#whenDurable(io.defer());
    else return COMPLETE;
    return DEFER;
  }

  /** Returns nothing to pass it on. */
  flush(io: DiskIo): typeof DEFER | typeof COMPLETE | undefined | -5 {
    if (this.#state === 'stopped') return FAILED;
    const { onPass, isBelowDurable } = this.#parts;
    if (this.#dirty === null || this.#dirty.log.isDurable) {
      if (isBelowDurable()) return COMPLETE;
      onPass(io);
      return;
    }
    const token = io.defer();
    this.#makeDurable().then(
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
    this.#passing.ended(io);
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
    this.#dirty?.log.close();
    this.#dirty = null;
    this.#state = 'stopped';
  }

  /** Decides about what waits. */
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
    if (!isLoggable(io)) {
      this.#goPast(io, token);
      return 'taken';
    }
    if (!this.#put(io)) return 'wait';
    if (!io.fua) return 'complete';
    this.#whenDurable(token);
    return 'taken';
  }

  #whenDurable(token: Deferral): void {
    this.#makeDurable().then(
      () => token.complete(),
      () => token.fail(EIO),
    );
  }

  #mustWait(io: DiskIo): boolean {
    if (this.#state === 'entering' || this.#holds || this.#flashFault !== null) return true;
    return this.#passing.touch(io);
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

  /** What goes past the log: after what is dirty below it, and with a word in the log first. */
  #goPast(io: DiskIo, token: Deferral): void {
    const range = this.#passing.add(io);
    const { start, length } = range;
    const work = this.#jobs.run(async () => {
      const dirty = this.#dirty;
      if (dirty === null) return;
      await dirty.roundFor(start, length);
      while (!dirty.log.hasRoom(0)) await dirty.round(0);
      dirty.makeVoid(start, length);
      if (io.fua) await dirty.log.sync();
    });
    const orAside = work.catch(async (thrown: unknown) => {
      if (!(thrown instanceof FlashFailure)) throw thrown;
      this.#flashFails(thrown);
      await this.#leaving;
    });
    orAside.then(
      () => {
        this.#parts.onPass(io);
        token.pass();
      },
      (thrown: unknown) => {
        this.#parts.context.log('error', `What is dirty could not be written: ${thrown}`);
        this.#passing.remove(range);
        token.fail(EIO);
        this.#release();
      },
    );
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
      const isQuiet = this.#quiet.isQuiet && !waits;
      await dirty.round(isQuiet ? 0 : dirty.bytesToKeep(low, waits));
      this.#roundWanted = false;
    } catch (thrown) {
      if (thrown instanceof FlashFailure) this.#flashFails(thrown);
      else this.#roundFailed(dirty, thrown);
    }
    this.#release();
  }

  #roundFailed(dirty: DirtyData, thrown: unknown): void {
    const { context } = this.#parts;
    const what = `${dirty.bytes} bytes of unwritten data cannot be written to the disk`;
    context.raiseEvent('error', `${what}: ${thrown}`);
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
      await Promise.allSettled(this.#syncs);
      await dirty.round(0);
      await Promise.allSettled(this.#syncs);
    } catch (thrown) {
      this.#state = before;
      const isFlash = thrown instanceof FlashFailure;
      if (!isFlash && this.#flashFault === null) throw thrown;
      if (isFlash) this.#flashFails(thrown);
      await writeDownWithoutLog(dirty, context.clock).catch((cause: unknown) => {
        this.#state = 'stopped';
        const what = `${dirty.bytes} bytes of unwritten data are at stake`;
        const message = `Flash and storage fail, and ${what}. The disk takes no more writes`;
        context.raiseEvent('error', `${message}: ${cause}`);
        throw cause;
      });
    }
    await this.#claim.giveUp().catch((thrown: unknown) => {
      this.#state = this.#flashFault === null ? before : 'stopped';
      throw thrown;
    });
    this.#dirty = null;
    this.#state = 'off';
    this.#discard(dirty);
  }

  #discard(dirty: DirtyData): void {
    try {
      dirty.log.remove();
    } catch (thrown) {
      this.#parts.context.log('warning', `The log could not be removed: ${thrown}`);
    }
  }

  #flashFails(thrown: unknown): void {
    if (this.#flashFault !== null) return;
    this.#flashFault = String(thrown);
    const message = `The host's flash fails, the cache steps aside: ${this.#flashFault}`;
    this.#parts.context.raiseEvent('error', message);
    this.leave().catch((cause: unknown) => this.#parts.context.log('error', String(cause)));
  }

  async #makeDurable(): Promise<void> {
    const dirty = this.#dirty;
    if (dirty === null) return;
    const sync = dirty.log.sync();
    this.#syncs.add(sync);
    try {
      await sync;
    } catch (thrown) {
      this.#syncs.delete(sync);
      // Then it is durable when it is on the disk.
      this.#flashFails(thrown);
      await this.#leaving;
    }
    this.#syncs.delete(sync);
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
    if (this.#claim.isDue(dirty.bytes)) void this.#jobs.run(() => this.#count());
    return dirty.log.used > 0 || this.#claim.isStale(dirty.bytes);
  }

  async #count(): Promise<void> {
    if (this.#dirty === null || this.#state !== 'on') return;
    await this.#claim.count(this.#dirty.bytes);
  }
}

/** Writes, and zeroes that are logged like a write of them; what is long goes past the log. */
function isLoggable({ operation, offset, length }: DiskIo): boolean {
  const whole = offset % SECTOR_BYTES === 0 && length % SECTOR_BYTES === 0;
  return operation !== 'trim' && whole && length <= DATA_BYTES_MAX;
}
