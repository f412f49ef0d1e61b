// Looks for a sign of life of a lock's holder: a change of the lock's file, or of the heartbeat
// that it names.
import type { LockDirectory, LockFile } from '../lock-directory.ts';
import { type ProcessTable, systemProcesses } from '../process-identity.ts';
import { type SmallFiles, systemFiles } from '../small-files.ts';
import { heartbeatFolder, readHeartbeat, sweepHeartbeat } from './heartbeat-folder.ts';
import type { Heartbeats } from './heartbeats.ts';

export interface WatchRequest {
  descriptorPath: string;
  files?: SmallFiles;
  processes?: ProcessTable;
  heartbeats?: Heartbeats;
}

/** The heartbeat that a lock names, and where it is. */
interface NamedHeartbeat {
  folder: string;
  id: string;
}

export class HolderWatch {
  readonly #request: WatchRequest;
  readonly #directory: LockDirectory;
  readonly #found: LockFile;
  readonly #named: NamedHeartbeat | null;
  /** What the heartbeat's file held at first. */
  readonly #text: string;

  private constructor(parts: {
    request: WatchRequest;
    directory: LockDirectory;
    found: LockFile;
    named: NamedHeartbeat | null;
    text: string;
  }) {
    this.#request = parts.request;
    this.#directory = parts.directory;
    this.#found = parts.found;
    this.#named = parts.named;
    this.#text = parts.text;
  }

  /** `found` was read before. Throws what files throw. */
  static async begin(
    request: WatchRequest,
    directory: LockDirectory,
    found: LockFile,
  ): Promise<HolderWatch> {
    const { descriptorPath, files = systemFiles } = request;
    const id = found.record?.heartbeat;
    const folder = id === undefined ? null : await heartbeatFolder(descriptorPath, files);
    const named = id === undefined || folder === null ? null : { folder: folder.path, id };
    const text = named === null ? '' : await readHeartbeat(named.folder, named.id, files);
    return new HolderWatch({ request, directory, found, named, text });
  }

  /** This process has waited for that heartbeat before, and it has not beaten since. */
  get isKnownToStandStill(): boolean {
    if (this.#named === null) return false;
    return this.#request.heartbeats?.hasStoodStill(this.#named.id, this.#text) ?? false;
  }

  /** Neither has changed for longer than any lease: no lock that names it is held any more. */
  stoodStill(): void {
    if (this.#named === null || this.#text === '') return;
    this.#request.heartbeats?.stoodStill(this.#named.id, this.#text);
  }

  /** What the lock is now, when anything has changed since the beginning; null when nothing has. */
  async signOfLife(): Promise<LockFile | null> {
    const again = await this.#directory.current();
    if (again.epoch !== this.#found.epoch || again.text !== this.#found.text) return again;
    const named = this.#named;
    // Its heartbeat is where we do not find it: nothing tells that it stands still.
    if (named === null) return again.record?.heartbeat === undefined ? null : again;
    const { files = systemFiles } = this.#request;
    const text = await readHeartbeat(named.folder, named.id, files);
    // That it is gone is no sign of life: those of the dead get removed.
    return text === '' || text === this.#text ? null : again;
  }

  /** Removes the heartbeat of a dead process, for which nobody needs to wait any more. */
  async sweep(): Promise<void> {
    const { files = systemFiles, processes = systemProcesses } = this.#request;
    if (this.#named === null) return;
    await sweepHeartbeat({ ...this.#named, files, processes }).catch(() => {
      // It stays, and harms nobody: the lock is free all the same.
    });
  }
}
