// One disk's replication on the I/O path: changes go down as they come, unless they overlap others
// or are the first in a region that is not marked yet; when they are done they are sent.
import {
  DEFER,
  type DiskEvent,
  type DiskIo,
  EIO,
  ENOSPC,
  type FilterContext,
  type FilterLifecycle,
  type FilterProgress,
  type IoError,
  type PropertyValues,
} from '#lib/filter-sdk/filter.ts';
import { POWER_OFF_MARK } from '#lib/filter-sdk/replication-messages.ts';
import { AnswerGate } from './answer-gate.ts';
import { type ChangeKind, ChangeOrder } from './change-order.ts';
import { type Checkpoints, joinCheckpoints } from './checkpoints.ts';
import { CopySession } from './copy-session.ts';
import { CopySlab } from './copy-slab.ts';
import { LagWatch } from './lag-watch.ts';
import { openState } from './open-state.ts';
import { OpeningQuestion } from './opening-question.ts';
import { areaOf } from './region-map.ts';
import { type Settings, settingsOf } from './settings.ts';
import type { StateStore } from './state-store.ts';
import { encodeState } from './stored-state.ts';

/** What the guest's changes get from a disk that is replaced: EIO. */
const FAIL = -5;
type Answer = typeof DEFER | typeof FAIL | undefined;
const REPLACED = 'Another virtual machine stands in for this one since a failover.';

/** How long a disk that closes, moves or is copied waits for the target, in milliseconds. */
const SETTLE_MS = 2_000;
/** Of what a target may be behind and answers wait for it again, in milliseconds. */
const NEAR_MS = 1_000;

export class DiskReplication implements FilterLifecycle {
  readonly #context: FilterContext;
  readonly #store: StateStore;
  readonly #order = new ChangeOrder();
  readonly #slab = new CopySlab();
  readonly #gate: AnswerGate;
  readonly #session: CopySession;
  readonly #checkpoints: Checkpoints;
  readonly #lag: LagWatch;
  #settings: Settings;
  /** Answers wait for the target only once it had everything. */
  #wasInSync = false;
  #whenIdle: (() => void) | null = null;
  /** Another virtual machine stands in for this one's: nothing may be written. */
  #isReplaced: boolean;
  /** Null where nothing is asked: the disk is new to its copy, or comes from another world. */
  readonly #question: OpeningQuestion | null;

  /** Throws when no target is set, its key is missing, or what is kept cannot be read. */
  constructor(context: FilterContext) {
    this.#context = context;
    this.#settings = settingsOf(context.properties);
    const { key: wanted, vm } = this.#settings;
    const key = hexOf(context.keys.pairingKey(wanted.keyId));
    const { store, toSend } = openState(context, this.#settings);
    this.#store = store;
    this.#isReplaced = store.state.replacedIn >= this.#settings.era;
    const { clock } = context;
    const isAgain = context.state === null && store.state.session > 1;
    const asks = isAgain && !this.#isReplaced && context.daemon !== null;
    this.#question = asks ? new OpeningQuestion(clock, () => this.#order.pump()) : null;
    this.#gate = new AnswerGate({
      clock,
      patienceMs: () => (this.#settings.waitsForTarget ? null : this.#settings.degradeAfterMs),
      onDegraded: () => {
        context.raiseEvent('warning', 'Writes go on without the replication target.');
      },
    });
    this.#session = new CopySession({
      ...{ context, store, toSend, key, order: this.#order },
      settings: () => this.#settings,
      onInSync: () => this.#inSync(),
      onApart: () => {
        const { isSynchronous, waitsForTarget } = this.#settings;
        if (this.#isReplaced) return;
        if (isSynchronous && !waitsForTarget && this.#wasInSync) this.#gate.degrade();
      },
      onReplaced: (why) => this.#replaced(why),
      onHeard: () => this.#question?.answered(),
      onProgress: () => this.#progressed(),
    });
    this.#lag = new LagWatch({ context, session: this.#session, settings: () => this.#settings });
    if (this.#isReplaced)
      context.raiseEvent('error', `${REPLACED} Nothing is written to the disk.`);
    this.#checkpoints = joinCheckpoints(vm, clock, {
      isInSync: () => this.#session.phase === 'inSync',
      mark: (name) => this.#session.mark(name),
    });
  }

  write(io: DiskIo): Answer {
    return this.#enter(io, 'write');
  }

  trim(io: DiskIo): Answer {
    return this.#enter(io, 'trim');
  }

  writeZeroes(io: DiskIo): Answer {
    return this.#enter(io, 'writeZeroes');
  }

  completed(io: DiskIo): Answer {
    if (kindOf(io) === null) return;
    const change = this.#order.leave(io.offset);
    if (change === null) return;
    try {
      if (io.error === 0) return this.#done(io, change);
      // It may have been done in part.
      this.#session.missing(change.offset, change.end);
    } finally {
      this.#order.pump();
      if (this.#session.phase === 'catchingUp') this.#session.resync.pump();
    }
  }

  setProperties(properties: PropertyValues): void {
    const settings = settingsOf(properties);
    const before = this.#settings;
    if (copyOf(settings) !== copyOf(before)) {
      throw new Error(
        'the disk is replicated to another copy; take the replication off it before another begins',
      );
    }
    this.#settings = settings;
    const isNewEra = settings.era !== before.era;
    this.#isReplaced = this.#store.state.replacedIn >= settings.era;
    if (placeOf(settings) === placeOf(before) && !isNewEra) this.#session.tellSettings();
    else this.#session.reopen();
    if (!settings.isSynchronous) this.#gate.recover();
  }

  async diskEvent({ kind, phase, sizeBytes }: DiskEvent): Promise<void> {
    if (kind === 'grow' && phase === 'done') this.#session.grow(sizeBytes);
    if (kind === 'snapshotCreate' && phase === 'frozen') {
      this.#session.mark(`snapshot ${new Date(this.#context.clock.now()).toISOString()}`);
      await this.#session.endSession();
    }
    if (kind === 'snapshotRevert') await this.#revert(phase);
    const isOver = phase === 'done' || phase === 'undone';
    if (kind === 'snapshotCreate' && isOver) await this.#session.beginSession();
    // What was saved for another world was taken out of the stream.
    if ((kind === 'migrate' || kind === 'suspend') && phase === 'undone') this.#session.reopen();
    const settles = kind === 'migrate' || kind === 'powerOff' || kind === 'suspend';
    if (!settles || phase !== 'frozen') return;
    // A mark of the virtual machine would come behind the last one of this disk.
    if (kind === 'powerOff') this.#checkpoints.leave();
    await this.#settle(kind === 'powerOff');
  }

  /**
   * Who opens the disk next finds what was kept with the snapshot, by which the copy is ahead, and
   * sends all. What is known here must not come in its place, and nothing of the older disk must
   * be sent as if it were this one.
   */
  async #revert(phase: DiskEvent['phase']): Promise<void> {
    if (phase === 'frozen') await this.#session.hold();
    if (phase === 'undone') this.#session.goOn();
    if (phase === 'done') this.#session.giveUp();
  }

  saveState(): Uint8Array {
    this.#session.leave();
    return encodeState(this.#store.state, this.#session.toSend);
  }

  statistics(): Record<string, number> {
    return this.#lag.statistics({
      isDegraded: this.#gate.isDegraded,
      isReplaced: this.#isReplaced,
    });
  }

  progress(): FilterProgress {
    return this.#lag.progress();
  }

  async close(): Promise<void> {
    this.#question?.answered();
    this.#checkpoints.leave();
    await this.#settle().catch((thrown: unknown) => {
      this.#context.log('warning', `marks stay: ${String(thrown)}`);
    });
    this.#session.cleaner.close();
    this.#session.leave();
    this.#gate.recover();
  }

  #enter(io: DiskIo, kind: ChangeKind): Answer {
    if (this.#isReplaced) return FAIL;
    const { offset, length } = io;
    const end = offset + length;
    if (!this.#order.blocks(offset, end) && this.#mayGo(offset, end)) {
      this.#pass(io, kind);
      return;
    }
    const token = io.defer();
    this.#order.wait({
      ...{ offset, end },
      isReady: () => this.#mayGo(offset, end),
      go: () => {
        this.#pass(io, kind);
        token.pass();
      },
      fail: (error) => token.fail(error),
    });
    this.#mark(offset, end);
    return DEFER;
  }

  #mayGo(offset: number, end: number): boolean {
    return this.#question?.isOpen !== true && this.#store.isMarked(offset, end);
  }

  #pass(io: DiskIo, kind: ChangeKind): void {
    const { offset } = io;
    const end = offset + io.length;
    const isCopied = kind === 'write' && this.#session.wants(offset, end);
    this.#order.enter({ kind, offset, end, data: isCopied ? this.#slab.copy(io.data) : null });
  }

  /** Marks the regions, and lets go on who waits for that. */
  #mark(offset: number, end: number): void {
    if (this.#store.isMarked(offset, end)) return;
    const area = areaOf(offset, end, this.#store.state.sizeBytes);
    this.#store.mark(area.offset, area.end);
    this.#store.save().then(
      () => this.#order.pump(),
      (thrown: unknown) => {
        this.#context.log('error', `a region cannot be marked: ${String(thrown)}`);
        const error: IoError = String(thrown).includes('ENOSPC') ? ENOSPC : EIO;
        this.#order.failUnready(error);
      },
    );
  }

  #done(io: DiskIo, change: NonNullable<ReturnType<ChangeOrder['leave']>>): Answer {
    // It is on the disk, but nobody else will ever have it.
    if (this.#isReplaced) {
      this.#session.send(change);
      return FAIL;
    }
    this.#checkpoints.changed();
    const waits = this.#settings.isSynchronous && this.#wasInSync && !this.#gate.isDegraded;
    if (!waits) {
      this.#session.send(change);
      return;
    }
    const token = io.defer();
    this.#gate.hold(token);
    // What is not sent now waits until the copy has everything again.
    this.#session.send(change, () => this.#gate.release(token));
    return DEFER;
  }

  /** Whatever is done from now on would be of two minds with what the other one does. */
  #replaced(why: string): void {
    const { era } = this.#settings;
    if (this.#isReplaced) return;
    this.#isReplaced = true;
    this.#order.failAll(EIO);
    this.#gate.fail(EIO);
    this.#store.state.replacedIn = era;
    this.#store.save().catch((thrown: unknown) => {
      this.#context.log('error', `that the disk is replaced is not kept: ${String(thrown)}`);
    });
    this.#context.raiseEvent('error', `${why} Nothing is written to the disk any more.`);
  }

  #inSync(): void {
    this.#wasInSync = true;
    if (this.#gate.isDegraded) {
      this.#context.raiseEvent('info', 'Writes wait for the replication target again.');
    }
    this.#gate.recover();
    this.#store.save().catch((thrown: unknown) => {
      this.#context.log('warning', `the state is not kept: ${String(thrown)}`);
    });
  }

  #progressed(): void {
    const { stream, phase } = this.#session;
    if (stream.isIdle) {
      this.#whenIdle?.();
      this.#whenIdle = null;
    }
    if (!this.#gate.isDegraded || phase !== 'inSync') return;
    const { oldest } = stream;
    if (oldest === null || this.#context.clock.monotonic() - oldest < NEAR_MS) this.#inSync();
  }

  /**
   * Gives the target the time to get all, so that the marks can be taken away. At the end of a VM's
   * time on, the copy's last record says that it has all.
   */
  async #settle(isLast = false): Promise<void> {
    const { stream, cleaner, phase, isAway } = this.#session;
    if (phase !== 'inSync' || isAway) return;
    stream.flush();
    if (!stream.isIdle) await this.#idle();
    if (isLast && stream.isIdle && stream.isOpen) {
      this.#session.mark(POWER_OFF_MARK);
      stream.flush();
      await this.#idle();
    }
    if (stream.isIdle && stream.isOpen) await cleaner.clean(true);
  }

  #idle(): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#context.clock.after(SETTLE_MS, () => resolve());
      this.#whenIdle = () => {
        timer.cancel();
        resolve();
      };
    });
  }
}

function kindOf({ operation }: DiskIo): ChangeKind | null {
  const isChange = operation === 'write' || operation === 'trim' || operation === 'writeZeroes';
  return isChange ? operation : null;
}

function copyOf({ pairing, replicaId }: Settings): string {
  return JSON.stringify([pairing, replicaId]);
}

function placeOf({ target: { address, port } }: Settings): string {
  return JSON.stringify([address, port]);
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
