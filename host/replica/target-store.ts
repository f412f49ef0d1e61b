// All that a replication target keeps: a folder for each disk, with its copy. It rolls journals on
// by time and size, and serves moments as NBD exports under names that nobody can guess.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Clock } from '#lib/base/clock.ts';
import { Mutex } from '#lib/base/mutex.ts';
import { type Random, randomUuid } from '#lib/base/random.ts';
import type { OpenDisk } from '#lib/filter-sdk/replication-messages.ts';
import { Fault } from '#lib/model/fault.ts';
import { MIB } from '#lib/model/limits.ts';
import { errnoOf } from '../datastore/errno.ts';
import type { DiskFiles } from '../disk/extent-file.ts';
import type { ExportHolder } from '../volumes/export-list.ts';
import { FencedExport } from '../volumes/fenced-export.ts';
import { MomentBacking } from './moment-backing.ts';
import { ReplacedFault } from './replaced-fault.ts';
import { ReplicaDisk } from './replica-disk.ts';
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

export interface ServedMoment {
  exportName: string;
  diskId: string;
  sequence: number;
  sizeBytes: number;
}

interface Serving {
  moment: ServedMoment;
  fenced: FencedExport;
  backing: MomentBacking;
}

export class TargetStore {
  readonly #parts: TargetStoreParts;
  readonly #mutex = new Mutex();
  readonly #disks = new Map<string, ReplicaDisk>();
  readonly #senders = new Map<ReplicaDisk, TargetLink>();
  readonly #serving = new Map<string, Serving>();

  private constructor(parts: TargetStoreParts) {
    this.#parts = parts;
  }

  /** Opens every copy that is there; one that cannot be opened is named in the log and left. */
  static async open(parts: TargetStoreParts): Promise<TargetStore> {
    const store = new TargetStore(parts);
    const { files, directory, log } = parts;
    await files.makeDirectory(directory);
    for (const name of await files.list(directory)) {
      if (!FOLDER.test(name)) continue;
      const replica = await store.#openFolder(name).catch((thrown: unknown) => {
        log(`the copy in ${name} cannot be opened: ${String(thrown)}`);
        return null;
      });
      if (replica !== null) store.#disks.set(replica.diskId, replica);
    }
    return store;
  }

  get disks(): readonly ReplicaDisk[] {
    return [...this.#disks.values()];
  }

  get moments(): readonly ServedMoment[] {
    return [...this.#serving.values()].map(({ moment }) => moment);
  }

  isSending(replica: ReplicaDisk): boolean {
    return this.#senders.has(replica);
  }

  /** Throws `NotFound`. */
  find(diskId: string): ReplicaDisk {
    const replica = this.#disks.get(diskId);
    if (replica === undefined) throw new Fault('NotFound', `There is no copy of ${diskId} here.`);
    return replica;
  }

  /**
   * For a connection that sends a disk; the one that did before is cut off. Throws `ReplacedFault`
   * when it sends under an era that is over.
   */
  claim({ diskId, sizeBytes, journal, era = 1 }: OpenDisk, link: TargetLink): Promise<ReplicaDisk> {
    return this.#mutex.run(async () => {
      const replica = this.#disks.get(diskId) ?? (await this.#make(diskId, sizeBytes));
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
  raiseEra(diskId: string, era: number): Promise<ReplicaDisk> {
    return this.#mutex.run(async () => {
      const replica = this.find(diskId);
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
    diskId: string,
    sequence: number,
    exportName = randomUuid(this.#parts.random),
  ): ServedMoment {
    const { exports } = this.#parts;
    const replica = this.find(diskId);
    const backing = new MomentBacking(replica, sequence);
    const fenced = new FencedExport({ name: exportName, key: exports.nextKey(), backing });
    exports.add(fenced);
    const moment = { exportName, diskId, sequence, sizeBytes: backing.sizeBytes };
    this.#serving.set(exportName, { moment, fenced, backing });
    return moment;
  }

  /** Nothing happens when it is not served. */
  async stopServing(exportName: string): Promise<void> {
    const serving = this.#serving.get(exportName);
    if (serving === undefined) return;
    this.#serving.delete(exportName);
    this.#parts.exports.remove(serving.fenced);
    await serving.fenced.revoke();
    serving.backing.close();
  }

  /** Rolls what is older, or more, than is to be kept. Throws `NoDiskSpace`, `FileFault`. */
  async retain(): Promise<void> {
    const nowUs = this.#parts.clock.now() * 1000;
    for (const replica of this.disks) {
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

  async #make(diskId: string, sizeBytes: number): Promise<ReplicaDisk> {
    const { files, directory, segmentBytes } = this.#parts;
    const name = createHash('sha256').update(diskId).digest('hex').slice(0, 32);
    const folder = join(directory, name);
    await files.makeDirectory(folder);
    await files.syncDirectory(directory);
    const parts = { files, directory: folder, segmentBytes };
    const replica = await ReplicaDisk.create(parts, { diskId, sizeBytes });
    this.#disks.set(diskId, replica);
    return replica;
  }

  async #openFolder(name: string): Promise<ReplicaDisk | null> {
    const { files, directory, segmentBytes } = this.#parts;
    try {
      return await ReplicaDisk.open({ files, directory: join(directory, name), segmentBytes });
    } catch (thrown) {
      // It was being made when the machine stopped: nothing was ever promised of it.
      if (thrown instanceof Fault && thrown.fault === 'FileNotFound') return null;
      if (errnoOf(thrown) === 'ENOENT') return null;
      throw thrown;
    }
  }
}
