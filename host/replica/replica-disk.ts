// The copy of one disk at a replication target: a base image, and the journal of all that came
// after it. Together they are the disk at any record between. Old segments are rolled into the
// base: first it is written down that moments before their end are no more, then the base changes,
// then it is durable and the segment goes, so that a crash between leaves nothing half true.
import { basename, join } from 'node:path';
import { z } from 'zod';
import { assert } from '#lib/base/assert.ts';
import { Mutex } from '#lib/base/mutex.ts';
import type { RecordHeader } from '#lib/filter-sdk/replication-record.ts';
import { FormatError } from '#lib/formats/format-error.ts';
import { Fault } from '#lib/model/fault.ts';
import { DISK_BYTES_MAX, SECTOR_BYTES } from '#lib/model/limits.ts';
import { errnoOf } from '../datastore/errno.ts';
import { writeFileDurably } from '../datastore/write-file.ts';
import type { DiskFiles, ExtentFile } from '../disk/extent-file.ts';
import { step } from '../disk/files/file-steps.ts';
import { punchOrZero } from '../disk/files/zero-range.ts';
import { DiskJournal } from './disk-journal.ts';
import { type Bookmark, MomentList } from './moment-list.ts';

const STATE_FILE = 'state.json';
const BASE_FILE = 'base.img';
const STATE_BYTES_MAX = 64 * 1024;

const stateSchema = z.object({
  format: z.literal(1),
  diskId: z.string().min(1).max(1024),
  /** Whose it is; null for one that was made before that was kept, until it is sent to. */
  pairing: z.string().nullable().default(null),
  /** The size of the base, in bytes. */
  sizeBytes: z.number().int().positive().max(DISK_BYTES_MAX),
  /** All records up to this one are in the base. */
  baseSequence: z.number().int().nonnegative(),
  /** The base holds part of the records up to this one; as `baseSequence` when it does not. */
  rollingTo: z.number().int().nonnegative(),
  /** The base is no moment that the disk was in. */
  resyncing: z.boolean(),
  /** Because something is lost: only a resync of all brings it back. */
  lost: z.boolean().default(false),
  /** What the source wants to be kept; `mib` 0 for no wish. */
  journal: z
    .object({ hours: z.number().positive(), mib: z.number().nonnegative() })
    .nullable()
    .default(null),
  /** Who sends under a lower one is no longer the primary. It only grows. */
  era: z.number().int().positive().default(1),
});
type State = z.infer<typeof stateSchema>;

export interface ReplicaParts {
  files: DiskFiles;
  /** Of this disk alone; it is there. */
  directory: string;
  segmentBytes: number;
}

export class ReplicaDisk {
  readonly moments: MomentList;
  readonly #parts: ReplicaParts;
  readonly #mutex = new Mutex();
  readonly #base: ExtentFile;
  readonly #pins = new Map<object, number>();
  #state: State;
  #journal: DiskJournal | null = null;

  private constructor(parts: ReplicaParts, state: State, base: ExtentFile) {
    this.#parts = parts;
    this.#state = state;
    this.#base = base;
    this.moments = new MomentList(state);
  }

  /**
   * Makes the copy of a disk in a folder in which none is yet (`isThere`). Throws `NoDiskSpace`,
   * `FileFault`.
   */
  static async create(
    parts: ReplicaParts,
    copy: { diskId: string; pairing: string; sizeBytes: number },
  ): Promise<ReplicaDisk> {
    const { files, directory } = parts;
    const path = join(directory, BASE_FILE);
    // What an attempt that was killed has left.
    await files.remove(path).catch(ignoreMissing);
    const base = await files.open(path, 'create');
    await step(base, (done) => base.truncate(copy.sizeBytes, done));
    await step(base, (done) => base.sync(done));
    base.close();
    await files.syncDirectory(directory);
    const at = { baseSequence: 0, rollingTo: 0 };
    const nothing = { resyncing: true, lost: false, journal: null, era: 1 };
    await writeState(parts, { format: 1, ...copy, ...at, ...nothing });
    return ReplicaDisk.open(parts);
  }

  /** Throws `FileNotFound` when none was made there, `InvalidDiskFormat`, `FileFault`. */
  static async open(parts: ReplicaParts): Promise<ReplicaDisk> {
    const { files, directory, segmentBytes } = parts;
    const state = await readState(parts);
    const base = await files.open(join(directory, BASE_FILE), 'write');
    const replica = new ReplicaDisk(parts, state, base);
    try {
      const { moments } = replica;
      replica.#journal = await DiskJournal.open(
        {
          ...{ files, directory, segmentBytes, diskId: state.diskId },
          onRecord: (header, payload) => moments.add(header, payload),
        },
        state.baseSequence,
      );
      if (replica.journal.damage !== null) moments.damage(replica.journal.damage);
    } catch (thrown) {
      base.close();
      throw thrown;
    }
    return replica;
  }

  /** Whether there is a copy, be it one that cannot be opened. */
  static isThere({ files, directory }: ReplicaParts): Promise<boolean> {
    return files.read(join(directory, STATE_FILE), STATE_BYTES_MAX).then(
      () => true,
      (thrown: unknown) => errnoOf(thrown) !== 'ENOENT',
    );
  }

  /** Of which disk the copy is, and whose, without opening it; null when it does not say so. */
  static async ownerOf(
    parts: ReplicaParts,
  ): Promise<{ diskId: string; pairing: string | null } | null> {
    try {
      return await readState(parts);
    } catch (thrown) {
      if (thrown instanceof Fault) return null;
      throw thrown;
    }
  }

  get journal(): DiskJournal {
    assert(this.#journal !== null, 'the journal is open');
    return this.#journal;
  }

  /** The name of its folder, which stays when it is given away. */
  get folder(): string {
    return basename(this.#parts.directory);
  }

  get diskId(): string {
    return this.#state.diskId;
  }

  /** Whose it is; null for nobody's yet. */
  get pairing(): string | null {
    return this.#state.pairing;
  }

  /** Durable when this resolves. Throws `NoDiskSpace`, `FileFault`. */
  giveTo(pairing: string): Promise<void> {
    return this.#mutex.run(() => this.#setState({ pairing }));
  }

  /** The first record up to which the disk can be had. */
  get windowStart(): number {
    return this.#state.rollingTo;
  }

  /** All that has a name, oldest first. */
  get bookmarks(): readonly Bookmark[] {
    return this.moments.bookmarks.filter(({ sequence }) => sequence >= this.windowStart);
  }

  /** The size of the disk at a record, in bytes. */
  sizeAt(sequence: number): number {
    return this.moments.sizeAt(sequence);
  }

  /**
   * Keeps a moment from being rolled into the base. Throws `InvalidArgument` when it cannot be had,
   * with the reason.
   */
  pin(sequence: number): object {
    this.requireMoment(sequence);
    const pin = {};
    this.#pins.set(pin, sequence);
    return pin;
  }

  unpin(pin: object): void {
    this.#pins.delete(pin);
  }

  /** Throws `InvalidArgument` with the reason when the disk cannot be had as it was then. */
  requireMoment(sequence: number): void {
    const { durable } = this.journal;
    let why: string | null = null;
    if (sequence < this.windowStart) why = `the journal begins at record ${this.windowStart}`;
    else if (sequence > durable) why = `the last record is ${durable}`;
    else why = this.moments.whyNot(sequence);
    if (why === null) return;
    throw new Fault(
      'InvalidArgument',
      `${this.diskId} cannot be had at record ${sequence}: ${why}.`,
    );
  }

  /**
   * Fills the buffer with what the disk had at a moment, which must be pinned. Throws `FileFault`.
   */
  async read(sequence: number, offset: number, into: Buffer): Promise<void> {
    const { journal } = this;
    // All reads begin before anything else can happen: what they need cannot be dropped between.
    const reads = journal.index.resolve(sequence, offset, into.length).map((piece) => {
      const part = into.subarray(piece.offset - offset, piece.offset - offset + piece.length);
      const { source } = piece;
      if (source.from === 'record') return journal.readData(source.record, source.skip, part);
      if (source.from === 'base') return this.#readBase(piece.offset, part);
      part.fill(0);
      return null;
    });
    await Promise.all(reads);
  }

  /**
   * Rolls the oldest segment into the base when no pinned moment needs it, and says whether it did.
   * Throws `NoDiskSpace`, `FileFault`.
   */
  rollOldest(): Promise<boolean> {
    return this.#mutex.run(async () => {
      const last = this.journal.oldest;
      if (last === null || this.#isPinnedBefore(last.sequence)) return false;
      await this.#setState({ rollingTo: last.sequence });
      await this.journal.readOldest((header, payload) => this.#apply(header, payload));
      await step(this.#base, (done) => this.#base.sync(done));
      const baseSequence = last.sequence;
      await this.#setState({ baseSequence, ...this.moments.stateAt(baseSequence) });
      await this.journal.dropOldest();
      this.moments.forgetBefore(baseSequence);
      return true;
    });
  }

  /** What its source wants to be kept. */
  get wish(): State['journal'] {
    return this.#state.journal;
  }

  /** Throws `NoDiskSpace`, `FileFault`. */
  async setWish(journal: NonNullable<State['journal']>): Promise<void> {
    const { wish } = this;
    if (wish?.hours === journal.hours && wish.mib === journal.mib) return;
    await this.#mutex.run(() => this.#setState({ journal }));
  }

  get era(): number {
    return this.#state.era;
  }

  /** Durable when this resolves; a lower one changes nothing. Throws `NoDiskSpace`, `FileFault`. */
  raiseEra(era: number): Promise<void> {
    return this.#mutex.run(async () => {
      if (era > this.era) await this.#setState({ era });
    });
  }

  /** Nothing may be under way. */
  close(): void {
    this.journal.close();
    this.#base.close();
  }

  #isPinnedBefore(sequence: number): boolean {
    return [...this.#pins.values()].some((pinned) => pinned < sequence);
  }

  async #apply(header: RecordHeader, payload: Uint8Array): Promise<void> {
    const base = this.#base;
    const { kind, offset: position, length } = header;
    if (kind === 'grow' && position > base.sizeBytes) {
      await step(base, (done) => base.truncate(position, done));
    }
    if (kind === 'write' && length > 0) {
      const buffer = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
      await step(base, (done) => base.writeLater({ buffer, start: 0, length, position }, done));
    }
    if ((kind === 'trim' || kind === 'writeZeroes') && length > 0) {
      const kept = Math.min(length, base.sizeBytes - position);
      if (kept > 0)
        await step(base, (done) => punchOrZero({ file: base, position, length: kept }, done));
    }
  }

  async #readBase(position: number, part: Buffer): Promise<void> {
    const base = this.#base;
    // The disk may have grown since.
    const length = Math.max(0, Math.min(part.length, base.sizeBytes - position));
    part.fill(0, length);
    if (length === 0) return;
    const transfer = { buffer: part, start: 0, length, position };
    await step(base, (done) => base.readLater(transfer, done));
  }

  async #setState(change: Partial<State>): Promise<void> {
    const state = { ...this.#state, ...change };
    await writeState(this.#parts, state);
    this.#state = state;
  }
}

async function writeState({ files, directory }: ReplicaParts, state: State): Promise<void> {
  const path = join(directory, STATE_FILE);
  await writeFileDurably(path, `${JSON.stringify(state, null, 2)}\n`, files).catch((cause) => {
    const fault = errnoOf(cause) === 'ENOSPC' ? 'NoDiskSpace' : 'FileFault';
    throw new Fault(fault, `The file ${path} cannot be written: ${String(cause)}.`, { cause });
  });
}

async function readState({ files, directory }: ReplicaParts): Promise<State> {
  const path = join(directory, STATE_FILE);
  const bytes = await files.read(path, STATE_BYTES_MAX).catch((cause: unknown) => {
    const fault = errnoOf(cause) === 'ENOENT' ? 'FileNotFound' : 'FileFault';
    throw new Fault(fault, `The file ${path} cannot be read: ${String(cause)}.`, { cause });
  });
  try {
    const state = stateSchema.parse(JSON.parse(new TextDecoder().decode(bytes)));
    if (state.sizeBytes % SECTOR_BYTES !== 0) throw new FormatError('the size is no whole sectors');
    return state;
  } catch (cause) {
    throw new Fault('InvalidDiskFormat', `The file ${path} is damaged.`, { cause });
  }
}

function ignoreMissing(thrown: unknown): void {
  if (errnoOf(thrown) !== 'ENOENT') throw thrown;
}
