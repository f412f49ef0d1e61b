// The heartbeats of one process: one for each VMFS datastore on which it holds a lock, from the
// first lock there to the last.
import { dirname } from 'node:path';
import type { Clock } from '#lib/base/clock.ts';
import type { Random } from '#lib/base/random.ts';
import type { LockOwner } from '../lock-record.ts';
import type { ProcessIdentity } from '../process-identity.ts';
import { type SmallFiles, systemFiles } from '../small-files.ts';
import { Heartbeat } from './heartbeat.ts';
import { type HeartbeatFolder, heartbeatFolder } from './heartbeat-folder.ts';

export interface HeartbeatsParts {
  clock: Clock;
  random: Random;
  /** The machine's unless a test says otherwise. */
  files?: SmallFiles;
}

/** A share in a heartbeat: it beats on until all have given theirs back. */
export interface HeldHeartbeat {
  readonly heartbeat: Heartbeat;
  giveBack(): Promise<void>;
}

interface Entry {
  heartbeat: Promise<Heartbeat>;
  holders: number;
}

export class Heartbeats {
  readonly #parts: HeartbeatsParts;
  readonly #files: SmallFiles;
  readonly #entries = new Map<string, Entry>();
  /** By directory: where a disk is does not change its datastore. */
  readonly #folders = new Map<string, HeartbeatFolder>();
  /** What was seen of heartbeats that stood still for longer than any lease: id and contents. */
  readonly #still = new Map<string, string>();

  constructor(parts: HeartbeatsParts) {
    this.#parts = parts;
    this.#files = parts.files ?? systemFiles;
  }

  /** Null where locks have leases of their own. Throws what files throw. */
  async hold(
    descriptorPath: string,
    owner: LockOwner,
    process: ProcessIdentity,
  ): Promise<HeldHeartbeat | null> {
    const folder = await this.#folderOf(descriptorPath);
    if (folder === null || !folder.isUsed) return null;
    for (;;) {
      const entry = this.#entries.get(folder.path) ?? this.#begin(folder.path, owner, process);
      entry.holders += 1;
      const heartbeat = await entry.heartbeat.catch((thrown: unknown) => {
        this.#forget(folder.path, entry);
        throw thrown;
      });
      if (heartbeat.isAlive) {
        return { heartbeat, giveBack: () => this.#giveBack(folder.path, entry) };
      }
      // Those that it has still have lost their locks; who comes now gets another one.
      this.#forget(folder.path, entry);
      await this.#giveBack(folder.path, entry);
    }
  }

  /** A heartbeat with these contents stood still: no lock that names it is held any more. */
  stoodStill(id: string, text: string): void {
    this.#still.set(id, text);
  }

  hasStoodStill(id: string, text: string): boolean {
    return this.#still.get(id) === text;
  }

  async #folderOf(descriptorPath: string): Promise<HeartbeatFolder | null> {
    const directory = dirname(descriptorPath);
    const known = this.#folders.get(directory);
    if (known !== undefined) return known;
    const found = await heartbeatFolder(descriptorPath, this.#files);
    if (found !== null) this.#folders.set(directory, found);
    return found;
  }

  #begin(folder: string, owner: LockOwner, process: ProcessIdentity): Entry {
    const { clock, random } = this.#parts;
    const files = this.#files;
    const heartbeat = Heartbeat.start({ folder, files, clock, random, owner, process });
    const entry = { heartbeat, holders: 0 };
    this.#entries.set(folder, entry);
    return entry;
  }

  async #giveBack(folder: string, entry: Entry): Promise<void> {
    entry.holders -= 1;
    if (entry.holders > 0) return;
    this.#forget(folder, entry);
    await (await entry.heartbeat).stop();
  }

  #forget(folder: string, entry: Entry): void {
    if (this.#entries.get(folder) === entry) this.#entries.delete(folder);
  }
}
