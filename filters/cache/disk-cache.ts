// The cache of one disk. Reads that it holds wholly are answered at once; all else goes down, and
// what the storage confirmed is kept. Writes go through, around, or into the log of write-back.
import {
  COMPLETE,
  DEFER,
  type DiskEvent,
  type DiskIo,
  type FilterContext,
  type FilterHooks,
  type FilterLifecycle,
  type FilterTimer,
  type PropertyValues,
} from '#lib/filter-sdk/filter.ts';
import { Alignment } from './alignment.ts';
import { BelowChanges } from './below-changes.ts';
import { BlockStore } from './block-store.ts';
import { CacheNumbers } from './cache-numbers.ts';
import { type CacheSettings, settingsOf } from './cache-settings.ts';
import { ConflictTable } from './conflict-table.ts';
import { labelOf, requireFlash, sweep } from './disk-flash.ts';
import { ReadCache } from './read-cache.ts';
import { BLOCK_BYTES } from './sectors.ts';
import { decodeWarmList, encodeWarmList, WARM_BLOCKS_MAX } from './warm-list.ts';
import { warmUp } from './warm-up.ts';
import { DirtyData, type DirtyDataParts } from './write-back/dirty-data.ts';
import { HeldIos, type Outcome } from './write-back/held-ios.ts';
import { type Elsewhere, findLeftOver, GIVEN_UP, type LeftOver } from './write-back/left-over.ts';
import { WriteBack } from './write-back/write-back.ts';

/** An event's `prepare` must have been answered by then, in milliseconds; the host waits longer. */
const PREPARE_MS = 25_000;

/** What these replace or copy below the filters must be whole before, and stay so meanwhile. */
const STILL: ReadonlySet<DiskEvent['kind']> = new Set([
  'snapshotCreate',
  'snapshotRevert',
  'snapshotRemove',
  'clone',
  'migrate',
  'relocate',
  'detach',
  'suspend',
  'powerOff',
  // Another version of this filter may come, and must not find the log in use.
  'reconfigure',
]);

type Answer = ReturnType<FilterHooks['write']>;

export class DiskCache implements FilterHooks, FilterLifecycle {
  readonly #context: FilterContext;
  readonly #numbers = new CacheNumbers();
  readonly #below = new BelowChanges();
  readonly #alignment = new Alignment();
  #settings: CacheSettings;
  #cache: ReadCache;
  readonly #writeBack: WriteBack | null;
  /** A cache of another size or alignment takes its place when nothing is under way. */
  #next: { blocks: number; shift: number } | null = null;
  readonly #held = new HeldIos();
  /** Something happens to the disk as a whole: the log stays empty. */
  #still = false;
  #closed = false;
  /**
   * The guest has written: only then is the disk claimed for this host. A world to which a VM is
   * moving must not, for it may move back.
   */
  #hasWritten = false;
  /** What an earlier life has left, and must be fetched before the disk is used. */
  #elsewhere: Elsewhere | null = null;

  constructor(context: FilterContext) {
    const { properties, flash, state } = context;
    this.#context = context;
    this.#settings = settingsOf(properties);
    const left = findLeftOver(context, this.#settings);
    sweep(context, left?.file?.id ?? left?.claim.logId ?? null);
    const blocks = Math.max(this.#settings.blocks, 2 * (left?.claim.blocks ?? 0));
    this.#cache = this.#makeCache({ blocks, shift: 0 });
    this.#writeBack = flash === null ? null : this.#makeWriteBack(flash);
    if (left?.file === null) this.#elsewhere = left;
    else if (left !== null && this.#writeBack !== null) void this.#goOn(this.#writeBack, left);
    if (this.#settings.mode === 'writeBack' && flash === null) {
      const message = 'Writes go through: this host has no virtual flash resource';
      context.raiseEvent('warning', message);
    }
    this.#warm(decodeWarmList(state));
    this.#settle();
  }

  async ready(): Promise<void> {
    const [elsewhere, log] = [this.#elsewhere, this.#writeBack];
    if (elsewhere === null || log === null) return;
    const { claim, refusal, mayBeLost } = elsewhere;
    const { flash, raiseEvent } = this.#context;
    const ids = [...(claim.mirror ? [claim.mirror.logId] : []), claim.logId];
    try {
      const make = (sizeBytes: number) =>
        requireFlash(flash).make(labelOf(this.#context), sizeBytes);
      const file = await log.mirroring.fetch(ids, make);
      if (this.#closed) throw new Error('the disk was closed meanwhile');
      const drained = this.#goOn(log, { claim, file, isMirror: true });
      void drained.then((isDown) => isDown && log.mirroring.dropFetched());
    } catch (thrown) {
      const why = thrown instanceof Error ? thrown.message : String(thrown);
      if (!mayBeLost) throw new Error(`${refusal} They could not be fetched: ${why}.`);
      raiseEvent('error', `${refusal} ${GIVEN_UP}`);
    } finally {
      this.#elsewhere = null;
    }
  }

  setProperties(properties: PropertyValues): void {
    const before = this.#settings;
    this.#settings = settingsOf(properties);
    const { blocks } = this.#settings;
    if (blocks !== before.blocks) this.#next = { blocks, shift: this.#cache.shift };
    this.#settle();
    if (this.#settings.mirror !== before.mirror) this.#restart();
  }

  read(io: DiskIo): Answer {
    if (io.length === 0) return;
    if (this.#alignment.note(io.offset)) this.#realign();
    if (this.#cache.answers(io)) {
      this.#numbers.hit(io.length);
      return COMPLETE;
    }
    if (this.#isReplacing()) return this.#hold(io);
    this.#beginRead(io);
    return;
  }

  write(io: DiskIo): Answer {
    if (io.length === 0) return;
    if (this.#alignment.note(io.offset)) this.#realign();
    if (this.#writeBack?.takes) return this.#writeBack.change(io);
    return this.#change(io);
  }

  flush(io: DiskIo): Answer {
    if (this.#writeBack?.takes) return this.#writeBack.flush(io);
    this.#below.passFlush();
    return;
  }

  trim(io: DiskIo): Answer {
    if (io.length === 0) return;
    if (this.#writeBack?.takes) return this.#writeBack.change(io);
    return this.#change(io);
  }

  writeZeroes(io: DiskIo): Answer {
    return this.trim(io);
  }

  prefetch(): void {
    // The disk below reads ahead; what the guest then reads comes into the cache by itself.
  }

  completed(io: DiskIo): void {
    const { operation, error } = io;
    if (operation === 'prefetch') return;
    if (operation === 'flush') {
      this.#below.endFlush(error === 0);
      return;
    }
    if (io.length === 0) return;
    if (operation === 'read') {
      this.#below.reads -= 1;
      this.#cache.endRead(io);
      this.#writeBack?.readEnded();
    } else {
      this.#below.endChange();
      this.#cache.endChange(io, this.#settings.mode !== 'writeAround');
      this.#writeBack?.changeEnded(io);
    }
    if (this.#next !== null) this.#settle();
  }

  async diskEvent({ kind, phase }: DiskEvent): Promise<void> {
    if (kind === 'snapshotRevert' && phase === 'frozen') {
      this.#cache = this.#makeCache({ blocks: this.#cache.store.capacity, shift: 0 });
    }
    if (!STILL.has(kind)) return;
    if (phase === 'done' || phase === 'undone') {
      this.#still = false;
      this.#settle();
      return;
    }
    this.#still = true;
    if (this.#writeBack === null) return;
    await this.#within(this.#writeBack.leave(), this.#writeBack);
  }

  saveState(): Uint8Array {
    const { store, shift } = this.#cache;
    const blocks = store.hottest(WARM_BLOCKS_MAX);
    return encodeWarmList(blocks.map((block) => block * BLOCK_BYTES - shift));
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#writeBack?.leave().catch((thrown: unknown) => {
      // The claim beside the disk stays, and the next opening on this host goes on with the log.
      this.#context.log('error', `Unwritten data stay in the write-back log: ${thrown}`);
    });
    this.#writeBack?.close();
  }

  statistics(): Record<string, number> {
    return this.#numbers.take(this.#cache.store, this.#writeBack);
  }

  #change(io: DiskIo): Answer {
    if (!this.#hasWritten && io.operation === 'write') {
      this.#hasWritten = true;
      this.#settle();
    }
    if (this.#isReplacing()) return this.#hold(io);
    this.#pass(io);
    return;
  }

  #hold(io: DiskIo): Answer {
    this.#held.add(io);
    return DEFER;
  }

  /** Whether another cache is about to take this one's place, and cannot yet. */
  #isReplacing(): boolean {
    if (this.#next !== null) this.#settle();
    return this.#next !== null;
  }

  #beginRead(io: DiskIo): void {
    this.#numbers.miss();
    this.#below.reads += 1;
    this.#cache.beginRead(io);
  }

  /** A change, or a flush, goes down. */
  #pass(io: DiskIo): void {
    if (io.operation === 'flush') {
      this.#below.passFlush();
      return;
    }
    this.#below.beginChange();
    this.#cache.beginChange(io, this.#settings.mode !== 'writeAround');
  }

  /** Goes on towards what the settings want, one step after the other. */
  #settle(): void {
    if (this.#closed) return;
    const log = this.#writeBack;
    const { shift, store } = this.#cache;
    // What an earlier life left may have needed more room than the policy gives.
    const isTooLarge = store.capacity > this.#settings.blocks && this.#elsewhere === null;
    if (isTooLarge && log?.takes === false) this.#next ??= { blocks: this.#settings.blocks, shift };
    if (this.#next !== null) {
      if (log?.takes) this.#leaveLog(log);
      else this.#replace();
      return;
    }
    const wants = this.#settings.mode === 'writeBack' && !this.#still && this.#hasWritten;
    if (log === null || wants === log.takes) return;
    if (wants) void log.start();
    else this.#leaveLog(log);
  }

  /** Throws when the log is damaged. Resolves with whether all of it has gone down. */
  #goOn(log: WriteBack, { claim, file, isMirror }: LeftOver): Promise<boolean> {
    const dirty = DirtyData.recover(this.#dirtyParts(), file);
    this.#hasWritten = true;
    if (!isMirror && claim.mirror !== null) log.mirroring.forget(claim.mirror.logId);
    if (!isMirror && claim.mirror === null && !log.mirroring.isWanted) {
      log.resume(claim, dirty);
      return Promise.resolve(false);
    }
    return log.drain(claim, dirty).then(
      () => {
        this.#settle();
        return true;
      },
      (thrown: unknown) => {
        this.#context.log('error', `Unwritten data stay in the log: ${thrown}`);
        return false;
      },
    );
  }

  /** A new log, and with it a mirror if one is wanted. */
  #restart(): void {
    if (this.#writeBack?.takes && !this.#closed) this.#leaveLog(this.#writeBack);
    else this.#settle();
  }

  #leaveLog(log: WriteBack): void {
    log.leave().then(
      () => this.#settle(),
      (thrown: unknown) => this.#context.log('error', `Unwritten data stay in the log: ${thrown}`),
    );
  }

  /** Nothing may be under way: that counts on the cache in which it began. */
  #replace(): void {
    if (this.#next === null || !this.#below.isStill) return;
    this.#numbers.evictionsBefore += this.#cache.store.evictions;
    this.#cache = this.#makeCache(this.#next);
    this.#next = null;
    this.#held.release((io): Outcome => {
      if (io.operation === 'read') this.#beginRead(io);
      else this.#pass(io);
      return 'pass';
    });
    this.#settle();
  }

  #realign(): void {
    const { shift, store } = this.#cache;
    if (this.#alignment.shift === shift || this.#next !== null) return;
    this.#next = { blocks: store.capacity, shift: this.#alignment.shift };
  }

  #warm(offsets: readonly number[]): void {
    const { below, disk } = this.#context;
    void warmUp(offsets, {
      ...{ below, sizeBytes: disk.sizeBytes },
      mayGoOn: () => !this.#closed && !this.#still,
      read: async (range, work) => {
        if (this.#next !== null) return;
        const cache = this.#cache;
        this.#below.reads += 1;
        cache.beginRead(range);
        const data = await work().catch(() => null);
        this.#below.reads -= 1;
        cache.endRead({ ...range, data: data ?? new Uint8Array(0), error: data === null ? 1 : 0 });
        this.#writeBack?.readEnded();
        if (this.#next !== null) this.#settle();
      },
    });
  }

  #makeCache({ blocks, shift }: { blocks: number; shift: number }): ReadCache {
    const isDirtyPossible = this.#context.flash !== null;
    const store = new BlockStore(blocks, { writeBack: isDirtyPossible });
    return new ReadCache({ store, shift, conflicts: new ConflictTable(), isDirtyPossible });
  }

  #makeWriteBack(flash: NonNullable<FilterContext['flash']>): WriteBack {
    return new WriteBack({
      ...{ context: this.#context, flash },
      watermarks: () => this.#settings.watermarks,
      logBytes: () => this.#settings.logBytes,
      streamBytes: () => this.#settings.streamBytes,
      blocks: () => this.#cache.store.capacity,
      changesBelow: () => this.#below.changes,
      isBelowDurable: () => this.#below.isDurable,
      onPass: (io) => this.#pass(io),
      label: labelOf(this.#context),
      daemon: this.#context.daemon,
      mirrorWish: () => this.#settings.mirror,
      onRestart: () => this.#restart(),
      make: (file) => DirtyData.make(this.#dirtyParts(), file),
    });
  }

  #dirtyParts(): DirtyDataParts {
    const { below, clock } = this.#context;
    const { store, shift, conflicts } = this.#cache;
    const { log: totals } = this.#numbers;
    return { store, shift, below, clock, totals, keep: (block) => conflicts.hasReads(block) };
  }

  /** Vetoes with the bytes that are left when they do not go down in time. */
  async #within(work: Promise<void>, log: WriteBack): Promise<void> {
    const { clock } = this.#context;
    let timer: FilterTimer | null = null;
    const late = new Promise<'late'>((resolve) => {
      timer = clock.after(PREPARE_MS, () => resolve('late'));
    });
    const end = await Promise.race([work, late]).finally(() => timer?.cancel());
    if (end !== 'late') return;
    throw new Error(`${log.dirty?.bytes ?? 0} bytes are still being written back; try again`);
  }
}
