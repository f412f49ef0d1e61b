// The moments that a target serves, kept on disk, so that a virtual machine that reads one finds it
// again under the same name when the target was killed and started anew.
import { z } from 'zod';
import { Mutex } from '#lib/base/mutex.ts';
import { Fault } from '#lib/model/fault.ts';
import { StateFile } from '../agent/store/state-file.ts';
import type { ReplicaDisk } from './replica-disk.ts';
import type { ServedMoment, TargetStore, Whose } from './target-store.ts';

const servedSchema = z.object({
  format: z.literal(1),
  moments: z.array(
    z.object({
      exportName: z.string().min(1),
      diskId: z.string().min(1),
      /** Whose copy it is. */
      pairing: z.string().nullable().default(null),
      /** Of the copy; it stays when the copy is given away. Null when it was not kept yet. */
      folder: z.string().nullable().default(null),
      sequence: z.number().int().nonnegative(),
    }),
  ),
});

export class ServedMoments {
  readonly #file: StateFile<typeof servedSchema>;
  readonly #store: TargetStore;
  readonly #mutex = new Mutex();

  private constructor(file: StateFile<typeof servedSchema>, store: TargetStore) {
    this.#file = file;
    this.#store = store;
  }

  /** Serves again what was served; a moment that is no more is named in the log and forgotten. */
  static async open(
    path: string,
    { store, log }: { store: TargetStore; log(message: string): void },
  ): Promise<ServedMoments> {
    const initial = () => ({ format: 1 as const, moments: [] });
    const file = await StateFile.open(path, servedSchema, initial);
    const kept = file.value.moments.filter((moment) => {
      try {
        store.serve(copyOf(moment, store), moment.sequence, moment.exportName);
        return true;
      } catch (thrown) {
        if (!(thrown instanceof Fault)) throw thrown;
        log(`a moment is no longer served: ${thrown.message}`);
        return false;
      }
    });
    if (kept.length < file.value.moments.length) await file.set({ format: 1, moments: kept });
    return new ServedMoments(file, store);
  }

  /** It is on disk when this resolves. Throws `InvalidArgument`. */
  serve(replica: ReplicaDisk, sequence: number): Promise<ServedMoment> {
    return this.#mutex.run(async () => {
      const moment = this.#store.serve(replica, sequence);
      await this.#write();
      return moment;
    });
  }

  /** Nothing happens when it is not served, or somebody else's. */
  stopServing(exportName: string, whose: Whose): Promise<void> {
    return this.#mutex.run(async () => {
      await this.#store.stopServing(exportName, whose);
      await this.#write();
    });
  }

  /** As `TargetStore.giveCopies`. */
  giveCopies(from: string | null, to: string): Promise<void> {
    return this.#mutex.run(async () => {
      // With the folders, by which they are found should the target be killed in between.
      await this.#write();
      await this.#store.giveCopies(from, to);
      await this.#write();
    });
  }

  #write(): Promise<void> {
    const all = this.#store.moments('anybody');
    const moments = all.map(({ exportName, diskId, pairing, folder, sequence }) => ({
      ...{ exportName, diskId, pairing, folder, sequence },
    }));
    return this.#file.set({ format: 1, moments });
  }
}

type KeptMoment = z.output<typeof servedSchema>['moments'][number];

/** By its folder without regard to whose it is: it may have been given away since. */
function copyOf({ diskId, pairing, folder }: KeptMoment, store: TargetStore): ReplicaDisk {
  if (folder !== null) return store.inFolder(folder);
  return store.find(diskId, pairing === null ? 'anybody' : { pairing });
}
