// A disk whose world is ended at a chosen asynchronous point, and opened again: what happened is
// told by the files, as a host would read them, and by what is read back.
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { readMark } from '#host/datastore/vm-home.ts';
import type { LaunchFilter } from '#host/world/launch.ts';
import type { Operation } from '#host/world/operations/operation.ts';
import { XorShift } from '#lib/filter-sdk/xor-shift.ts';
import { MIB } from '#lib/model/limits.ts';
import { type CheckContext, startTrial } from '../check.ts';
import { DiskLoad } from '../lab/disk-load.ts';
import { Failure, type Trial } from '../lab/trial.ts';
import { CRASH_AT, JOURNAL } from './crash-points.ts';

const DISK_BYTES = 2 * MIB;
/** I/Os beside an operation, and how many of them at a time. */
const BURST = { operations: 6, depth: 3 };
const BESIDE_MIGRATION = { operations: 24, depth: 3 };
const PRELOAD = { operations: 24, depth: 4 };
const SEED = 4711;

interface Pending {
  mark: string;
  /** What holds once it has happened. */
  happened(): void;
}

export class CrashStage {
  readonly trial: Trial;
  readonly load: DiskLoad;
  /** Where the disk was in the beginning. */
  readonly firstPath: string;
  /** Of a suspended VM. */
  statePath: string | null = null;
  /** Has the model go back to a snapshot that was taken. */
  goBack: (() => void) | null = null;
  readonly #context: CheckContext;
  readonly #folder: string;
  #pending: Pending | null = null;
  #migrates = false;
  #files = 0;

  private constructor(context: CheckContext, trial: Trial, folder: string) {
    this.#context = context;
    this.trial = trial;
    this.#folder = folder;
    this.firstPath = trial.disk.descriptorPath;
    // The same I/O each time, so that the points are the same.
    this.load = new DiskLoad(trial, new XorShift(SEED));
  }

  /** With data on the disk, all of them flushed. */
  static async open(context: CheckContext): Promise<CrashStage> {
    const launch = context.instrumented.current;
    const trial = await startTrial(context, { sizeBytes: DISK_BYTES, launch });
    const folder = path.join(context.harness.directory, `crash${trial.disk.key}`);
    await mkdir(folder);
    const stage = new CrashStage(context, trial, folder);
    await stage.load.run(PRELOAD);
    await stage.load.flush();
    return stage;
  }

  /** The chain whose filter ends its world at that point. */
  armed(crashAt: number, filter = this.#context.instrumented.current): LaunchFilter[] {
    const properties = { ...filter.properties, [CRASH_AT]: crashAt, [JOURNAL]: this.#journalPath };
    return [{ ...filter, properties }, this.#context.probe];
  }

  /** The chain whose filter is left in peace. */
  get unarmed(): LaunchFilter[] {
    return [this.#context.instrumented.current, this.#context.probe];
  }

  /** The chain without the filter. */
  get bare(): LaunchFilter[] {
    return [this.#context.probe];
  }

  /** Some I/O, of which nobody knows when it began to matter. */
  burst(): Promise<void> {
    return this.load.run(BURST);
  }

  /** Empty until the filter is armed. */
  async clearJournal(): Promise<void> {
    await writeFile(this.#journalPath, '');
  }

  /** Names of the points that were reached since then. */
  async journal(): Promise<string[]> {
    return (await readFile(this.#journalPath, 'utf8')).split('\n').slice(0, -1);
  }

  /** A name for a new disk. */
  newPath(word: string): string {
    this.#files += 1;
    return path.join(this.#folder, `${word}${this.#files}.vmdk`);
  }

  /** An operation on the disk as a whole, with some I/O beside it. */
  async operate(operation: Operation, happened?: () => void): Promise<void> {
    const io = this.burst();
    // Awaited below; a rejection before that is not lost.
    io.catch(() => undefined);
    await this.operateQuietly(operation, happened);
    await io;
  }

  /** The same without I/O, committed as hosts do. Nothing has happened when a filter refuses it. */
  async operateQuietly(
    operation: Operation,
    happened: () => void = () => undefined,
  ): Promise<void> {
    this.#files += 1;
    const mark = `point-${this.#files}`;
    const vmx = `sluice.operation = "${mark}"\n`;
    this.#pending = { mark, happened };
    const commit = { mark, vmxPath: this.#vmxPath, vmx, followUps: [] };
    const refusal = await this.trial.operate(operation, commit);
    this.#pending = null;
    if (refusal === null) happened();
  }

  /** To another world with the next version, one of the two armed, with some I/O meanwhile. */
  async migrate(armed: 'source' | 'destination', crashAt: number): Promise<void> {
    const { current, next } = this.#context.instrumented;
    const { probe } = this.#context;
    if (armed === 'source') await this.trial.setFilters(this.armed(crashAt, current));
    this.#migrates = true;
    const io = await this.#begunLoad();
    await this.trial.migrate(armed === 'source' ? [next, probe] : this.armed(crashAt, next));
    await io.ended;
    await this.burst();
    this.#migrates = false;
  }

  /** A world was ended: takes from the files what has happened, and opens the disk again. */
  async recover(what: string): Promise<void> {
    let isLost = false;
    if (this.#migrates) {
      isLost = !(await this.#meetSurvivor(what));
    } else {
      await this.trial.ended();
      const pending = this.#pending;
      if (pending && (await readMark(this.#vmxPath)) === pending.mark) pending.happened();
    }
    this.#migrates = false;
    this.#pending = null;
    this.load.model.crash();
    await (isLost ? this.#reopenSomewhere() : this.reopen());
    await this.comeHome(`${what}, on the other host`);
  }

  /** A VM that is on the other host is powered off there, and on again here. */
  async comeHome(what: string): Promise<void> {
    const { trial } = this;
    if (trial.place === 'here') return;
    await this.verify(what);
    await trial.stop();
    trial.moveTo('here');
    await this.reopen();
  }

  /** Every promise that was made holds, and the disk goes on. */
  async verify(what: string): Promise<void> {
    await this.load.verify(`${what}, a read`);
    await this.burst();
    await this.trial.requireNoFaults();
  }

  /** The disk in a new world, its filter in peace. */
  async reopen(): Promise<void> {
    const { statePath } = this;
    this.statePath = null;
    const { current, next } = this.#context.instrumented;
    const filter = this.trial.place === 'here' ? current : next;
    try {
      await this.trial.reopen([filter, this.#context.probe], statePath);
    } catch (thrown) {
      const why = thrown instanceof Error ? thrown.message : String(thrown);
      throw new Failure(`the disk does not open any more: ${why}`);
    }
    if (statePath !== null) await rm(statePath, { force: true });
  }

  /** Its clients are connected: one that connects during a migration has to do it again. */
  async #begunLoad(): Promise<{ ended: Promise<void> }> {
    let ended = Promise.resolve();
    const begun = new Promise<void>((resolve) => {
      ended = this.load.run({ ...BESIDE_MIGRATION, onBegin: resolve });
    });
    // Awaited by the caller; a rejection before that is not lost.
    ended.catch(() => undefined);
    await Promise.race([begun, ended]);
    return { ended };
  }

  /** Hosts know from their records whose VM it was; here it is where the filter opens the disk. */
  async #reopenSomewhere(): Promise<void> {
    const { trial } = this;
    if (trial.place === 'there') return this.reopen();
    await this.reopen().catch(async (thrown: unknown) => {
      trial.moveTo('there');
      await this.reopen().catch(() => {
        throw thrown;
      });
    });
  }

  /** One of two worlds has ended. If the other serves, it serves what it must; false if none. */
  async #meetSurvivor(what: string): Promise<boolean> {
    const survivor = await this.trial.goOnWithSurvivor();
    if (survivor === 'none') return false;
    // The source has lost nothing when the destination ends before it has taken over.
    if (survivor === 'destination') this.load.model.crash();
    await this.verify(`${what}, on the ${survivor}`);
    await this.trial.kill();
    return true;
  }

  get #journalPath(): string {
    return path.join(this.#folder, 'journal');
  }

  get #vmxPath(): string {
    return path.join(this.#folder, 'certify.vmx');
  }
}
