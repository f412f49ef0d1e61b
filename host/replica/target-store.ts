// All that a replication target keeps: a folder for each disk, with its copy. It rolls journals on
// by time and size, and serves moments as NBD exports under names that nobody can guess. Each
// pairing has copies of its own, of which no other one sees anything.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Clock } from '#lib/base/clock.ts';
import { Mutex } from '#lib/base/mutex.ts';
import { type Random, randomUuid } from '#lib/base/random.ts';
import type { OpenDisk } from '#lib/filter-sdk/replication-messages.ts';
import { Fault } from '#lib/model/fault.ts';
import { MIB } from '#lib/model/limits.ts';
import type { DiskFiles } from '../disk/extent-file.ts';
import type { ExportHolder } from '../volumes/export-list.ts';
import { FencedExport } from '../volumes/fenced-export.ts';
import { MomentBacking } from './moment-backing.ts';
import { ReplacedFault } from './replaced-fault.ts';
import { ReplicaDisk, type ReplicaParts } from './replica-disk.ts';
import type { TargetLink } from './target-link.ts';

const HOUR_US = 3600 * 1_000_000;
const FOLDER = /^[0-9a-f]{32}$/;

export interface Retention {
  /** A journal keeps at least this, in microseconds, when it has the room. */
  windowUs: number;
  /** It becomes no longer than this, in bytes, but for what a served moment needs. */
  journalBytesMax: number;
}

export interface TargetStoreParts {
  files: DiskFiles;
  directory: string;
  segmentBytes: number;
  retention: Retention;
  exports: ExportHolder;
  clock: Clock;
  random: Random;
  log(message: string): void;
}

/** Whose copies are meant: those of a pairing, or for who runs the target those of all. */
export type Whose = { pairing: string } | 'anybody';

export interface ServedMoment {
  exportName: string;
  /** Whose copy it is. */
  pairing: string | null;
  diskId: string;
  /** The copy's folder. */
  folder: string;
  sequence: number;
  sizeBytes: number;
}

interface Serving {
  moment: ServedMoment;
  replica: ReplicaDisk;
  fenced: FencedExport;
  backing: MomentBacking;
}

export class TargetStore {
  readonly #parts: TargetStoreParts;
  readonly #mutex = new Mutex();
  readonly #disks = new Map<string, ReplicaDisk>();
  /** Folders with a copy that is not open, and its key; null when it does not say whose it is. */
  readonly #left = new Map<string, string | null>();
  readonly #senders = new Map<ReplicaDisk, TargetLink>();
  readonly #serving = new Map<string, Serving>();

  private constructor(parts: TargetStoreParts) {
    this.#parts = parts;
  }

  /** Opens every copy that is there; one that cannot be opened is named in the log and left. */
  static async open(parts: TargetStoreParts): Promise<TargetStore> {
    const store = new TargetStore(parts);
    const { files, directory } = parts;
    await files.makeDirectory(directory);
    for (const name of await files.list(directory)) {
      if (FOLDER.test(name)) await store.#openFolder(name);
    }
    return store;
  }

  disks(whose: Whose): readonly ReplicaDisk[] {
    return [...this.#disks.values()].filter(({ pairing }) => isOf(whose, pairing));
  }

  moments(whose: Whose): readonly ServedMoment[] {
    const all = [...this.#serving.values()].map(({ moment }) => moment);
    return all.filter(({ pairing }) => isOf(whose, pairing));
  }

  isSending(replica: ReplicaDisk): boolean {
    return this.#senders.has(replica);
  }

  /** Throws `NotFound`, also for a copy of somebody else; `InvalidArgument` when there are two. */
  find(diskId: string, whose: Whose): ReplicaDisk {
    const [replica, ...others] = this.disks(whose).filter((each) => each.diskId === diskId);
    if (replica === undefined) throw new Fault('NotFound', `There is no copy of ${diskId} here.`);
    if (others.length === 0) return replica;
    throw new Fault('InvalidArgument', `Several pairings have a copy of ${diskId} here.`);
  }

  /** Throws `NotFound` when no copy is open there. */
  inFolder(name: string): ReplicaDisk {
    const found = this.disks('anybody').find(({ folder }) => folder === name);
    if (found === undefined) throw new Fault('NotFound', `There is no copy in ${name} here.`);
    return found;
  }

  /**
   * What the first of two pairings has, or what is nobody's yet for null, is the second one's from
   * now on, but for disks of which that one has a copy already. Throws `NoDiskSpace`, `FileFault`.
   */
  giveCopies(from: string | null, to: string): Promise<void> {
    return this.#mutex.run(async () => {
      for (const replica of this.disks('anybody').filter(({ pairing }) => pairing === from)) {
        const key = keyOf(to, replica.diskId);
        if (this.#disks.has(key) || [...this.#left.values()].includes(key)) {
          const whose = from ?? 'nobody';
          this.#parts.log(
            `the copy of ${replica.diskId} stays with ${whose}: there is another one`,
          );
          continue;
        }
        await this.#give(replica, to);
        this.#senders.get(replica)?.cutOff(replica);
        this.#senders.delete(replica);
      }
    });
  }

  /**
   * For a connection that sends a disk; the one that did before is cut off. Throws `ReplacedFault`
   * when it sends under an era that is over, `FileFault` when the copy cannot be opened.
   */
  claim(disk: OpenDisk, pairing: string, link: TargetLink): Promise<ReplicaDisk> {
    const { journal, era = 1 } = disk;
    return this.#mutex.run(async () => {
      const replica = await this.#copyFor(disk, pairing);
      if (era < replica.era) throw new ReplacedFault(era, replica.era);
      await replica.raiseEra(era);
      await replica.journal.recover();
      if (journal !== undefined) await replica.setWish(journal);
      this.#senders.get(replica)?.cutOff(replica);
      this.#senders.set(replica, link);
      return replica;
    });
  }

  /**
   * From now on nothing is taken under a lower era, also after a kill: whoever sends under one is
   * told that it is replaced. Throws `NotFound`, `NoDiskSpace`, `FileFault`.
   */
  raiseEra(diskId: string, era: number, whose: Whose): Promise<ReplicaDisk> {
    return this.#mutex.run(async () => {
      const replica = this.find(diskId, whose);
      if (era <= replica.era) return replica;
      const before = replica.era;
      await replica.raiseEra(era);
      const sender = this.#senders.get(replica);
      this.#senders.delete(replica);
      sender?.replace(replica, new ReplacedFault(before, era));
      // What came last is durable, or it is not there: nothing is added behind this.
      await replica.journal.sync();
      return replica;
    });
  }

  release(replica: ReplicaDisk, link: TargetLink): void {
    if (this.#senders.get(replica) === link) this.#senders.delete(replica);
  }

  /**
   * Serves a disk as it was then, until it is told to stop, under a new name or the one given.
   * Throws `NotFound`, `InvalidArgument`.
   */
  serve(
    replica: ReplicaDisk,
    sequence: number,
    exportName = randomUuid(this.#parts.random),
  ): ServedMoment {
    const { exports } = this.#parts;
    const { diskId, folder, pairing } = replica;
    const backing = new MomentBacking(replica, sequence);
    const fenced = new FencedExport({ name: exportName, key: exports.nextKey(), backing });
    exports.add(fenced);
    const { sizeBytes } = backing;
    const moment = { exportName, pairing, diskId, folder, sequence, sizeBytes };
    this.#serving.set(exportName, { moment, replica, fenced, backing });
    return moment;
  }

  /** Nothing happens when it is not served, or somebody else's. */
  async stopServing(exportName: string, whose: Whose): Promise<void> {
    const serving = this.#serving.get(exportName);
    if (serving === undefined || !isOf(whose, serving.moment.pairing)) return;
    this.#serving.delete(exportName);
    this.#parts.exports.remove(serving.fenced);
    await serving.fenced.revoke();
    serving.backing.close();
  }

  /** Rolls what is older, or more, than is to be kept. Throws `NoDiskSpace`, `FileFault`. */
  async retain(): Promise<void> {
    const nowUs = this.#parts.clock.now() * 1000;
    for (const replica of this.#disks.values()) {
      const { journal } = replica;
      const { windowUs, journalBytesMax } = this.#retentionOf(replica);
      const oldestUs = nowUs - windowUs;
      // A journal that found no room has its window shortened, until there is some.
      let isShort = journal.hasFailed;
      while (
        journal.oldest !== null &&
        (isShort || journal.oldest.timeUs < oldestUs || journal.bytes > journalBytesMax)
      ) {
        if (!(await replica.rollOldest())) break;
        isShort = false;
      }
    }
  }

  /** As its policy wants it, but no more than is allowed here. */
  #retentionOf({ wish }: ReplicaDisk): Retention {
    const { retention } = this.#parts;
    if (wish === null) return retention;
    const bytes = wish.mib === 0 ? Number.POSITIVE_INFINITY : wish.mib * MIB;
    return {
      windowUs: wish.hours * HOUR_US,
      journalBytesMax: Math.min(bytes, retention.journalBytesMax),
    };
  }

  /** It stays in its folder, which keeps the name of whose it was first. */
  async #give(replica: ReplicaDisk, to: string): Promise<void> {
    const { diskId, pairing } = replica;
    await replica.giveTo(to);
    this.#disks.delete(keyOf(pairing, diskId));
    this.#disks.set(keyOf(to, diskId), replica);
    for (const serving of this.#serving.values()) {
      if (serving.replica === replica) serving.moment.pairing = to;
    }
  }

  async #copyFor({ diskId, sizeBytes }: OpenDisk, pairing: string): Promise<ReplicaDisk> {
    const key = keyOf(pairing, diskId);
    const nobodys = keyOf(null, diskId);
    if (!this.#disks.has(key)) await this.#openLeft(diskId, [key, nobodys]);
    const found = this.#disks.get(key);
    if (found !== undefined) return found;
    // Of a time when it was not kept whose a copy is: it is that of who sends to it first.
    const old = this.#disks.get(nobodys);
    if (old === undefined) return this.#make(key, { diskId, pairing, sizeBytes });
    await this.#give(old, pairing);
    return old;
  }

  /** A copy in place of one that cannot be opened would have no moments, and the first era. */
  async #openLeft(diskId: string, keys: readonly string[]): Promise<void> {
    for (const [name, key] of [...this.#left]) {
      if (key === null || !keys.includes(key) || this.#disks.has(key)) continue;
      await this.#openFolder(name);
      if (this.#left.has(name)) throw leftFault(diskId, name);
    }
  }

  async #make(
    key: string,
    copy: { diskId: string; pairing: string; sizeBytes: number },
  ): Promise<ReplicaDisk> {
    const { files, directory } = this.#parts;
    const name = await this.#freeFolder(key, copy.diskId);
    const parts = this.#replicaParts(name);
    await files.makeDirectory(parts.directory);
    await files.syncDirectory(directory);
    try {
      const replica = await ReplicaDisk.create(parts, copy);
      this.#disks.set(key, replica);
      return replica;
    } catch (thrown) {
      // It is opened, and not made again, when it is asked for the next time.
      if (await ReplicaDisk.isThere(parts)) this.#left.set(name, key);
      throw thrown;
    }
  }

  /** One that has the name may have somebody else's copy, which was given away. */
  async #freeFolder(key: string, diskId: string): Promise<string> {
    // The name that it had when it was not kept yet whose a copy is.
    await this.#isTaken(folderOf(diskId), diskId);
    for (let number = 0; ; number++) {
      const name = folderOf(number === 0 ? key : `${key} ${number}`);
      if (!(await this.#isTaken(name, diskId))) return name;
    }
  }

  /** Throws `FileFault` when what is there does not say whose it is: it may be what is wanted. */
  async #isTaken(name: string, diskId: string): Promise<boolean> {
    const isTaken = await ReplicaDisk.isThere(this.#replicaParts(name));
    if (!isTaken) this.#left.delete(name);
    else if (this.#left.get(name) === null) throw leftFault(diskId, name);
    return isTaken;
  }

  /** Opens the copy in a folder; one that cannot be opened is named in the log and left. */
  async #openFolder(name: string): Promise<void> {
    const parts = this.#replicaParts(name);
    try {
      const replica = await ReplicaDisk.open(parts);
      const key = keyOf(replica.pairing, replica.diskId);
      if (this.#disks.has(key)) {
        replica.close();
        throw new Fault('FileFault', `there is another one of ${replica.diskId}`);
      }
      this.#disks.set(key, replica);
      this.#left.delete(name);
    } catch (thrown) {
      this.#left.delete(name);
      // It was being made when the machine stopped: nothing was ever promised of it.
      if (!(await ReplicaDisk.isThere(parts))) return;
      const owner = await ReplicaDisk.ownerOf(parts);
      this.#left.set(name, owner === null ? null : keyOf(owner.pairing, owner.diskId));
      this.#parts.log(`the copy in ${name} cannot be opened: ${String(thrown)}`);
    }
  }

  #replicaParts(name: string): ReplicaParts {
    const { files, directory, segmentBytes } = this.#parts;
    return { files, directory: join(directory, name), segmentBytes };
  }
}

function folderOf(key: string): string {
  return createHash('sha256').update(key).digest('hex').slice(0, 32);
}

function leftFault(diskId: string, folder: string): Fault {
  return new Fault(
    'FileFault',
    `The copy of ${diskId} in ${folder} is there and cannot be opened. ` +
      'It must be mended at the target, or its folder moved away.',
  );
}

/** Disks of several sites may have one name. */
function keyOf(pairing: string | null, diskId: string): string {
  return JSON.stringify([pairing, diskId]);
}

function isOf(whose: Whose, pairing: string | null): boolean {
  return whose === 'anybody' || whose.pairing === pairing;
}
