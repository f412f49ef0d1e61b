// The datastores that a host mounts, with what was last seen of each.
import { realpath } from 'node:fs/promises';
import { isAbsolute, relative } from 'node:path';
import type { Clock } from '#lib/base/clock.ts';
import { Fault } from '#lib/model/fault.ts';
import { Datastore, type DatastoreStatus } from './datastore.ts';
import type { DatastoreConfig } from './datastore-config.ts';
import { sweepHeartbeats } from './locking/heartbeat-folder.ts';
import { systemProcesses } from './process-identity.ts';
import { systemFiles } from './small-files.ts';

/** Whoever asks a datastore for its state is told by then that it does not answer. */
const ANSWER_MS = 10_000;

type OnChange = (now: MountedDatastore, before: MountedDatastore) => void;

interface Entry {
  datastore: Datastore;
  status: DatastoreStatus;
  /** A look is under way. */
  isLooking: boolean;
}

export interface MountedDatastore extends DatastoreStatus {
  config: DatastoreConfig;
}

export class DatastoreSet {
  readonly #clock: Clock;
  #mounted = new Map<string, Entry>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Mounts these and forgets all others. One that does not answer in time is inaccessible, and
   * mounted when it does.
   */
  async mount(configs: readonly DatastoreConfig[]): Promise<void> {
    const entries = configs.map((config): Entry => {
      const status = { accessible: false, capacityBytes: 0, freeBytes: 0, message: '' };
      return { datastore: new Datastore(config), status, isLooking: true };
    });
    await Promise.all(entries.map((entry) => this.#mountOne(entry)));
    this.#mounted = new Map(entries.map((entry) => [entry.datastore.config.id, entry]));
  }

  /**
   * Looks at all of them again, at the same time and with one look at each: what hangs delays no
   * other, and counts as inaccessible until it answers. Calls back for each in which anything but
   * the free space by a little has changed, with what it was before.
   */
  refresh(onChange: OnChange): void {
    for (const entry of this.#mounted.values()) {
      if (entry.isLooking) continue;
      entry.isLooking = true;
      const timer = this.#clock.after(ANSWER_MS, () => this.#saw(entry, silent(entry), onChange));
      void entry.datastore
        .status()
        .then((status) => this.#saw(entry, status, onChange))
        .finally(() => {
          timer.cancel();
          entry.isLooking = false;
        });
    }
  }

  /** Throws `InvalidDatastore`. */
  configOf(datastoreId: string): DatastoreConfig {
    return this.#find(datastoreId).datastore.config;
  }

  list(): MountedDatastore[] {
    return [...this.#mounted.values()].map(({ datastore, status }) => ({
      config: datastore.config,
      ...status,
    }));
  }

  /**
   * Absolute path of a file. Throws `InvalidDatastore` when the datastore is not mounted or not
   * accessible.
   */
  async resolve(datastoreId: string, path: string): Promise<string> {
    const entry = this.#find(datastoreId);
    await entry.datastore.requireAccessible();
    return entry.datastore.resolve(path);
  }

  /** Absolute paths of those that are accessible. */
  async roots(): Promise<string[]> {
    const accessible = this.list().filter((each) => each.accessible);
    return Promise.all(accessible.map(({ config }) => realpath(config.path)));
  }

  /** The datastore on which an absolute path lies. Throws `InvalidDatastore`. */
  async locate(path: string): Promise<{ datastoreId: string; path: string }> {
    for (const { datastore } of this.#mounted.values()) {
      const { id, path: configured } = datastore.config;
      const root = await realpath(configured).catch(() => configured);
      const inside = relative(root, path);
      if (inside === '' || isAbsolute(inside) || inside.split('/')[0] === '..') continue;
      return { datastoreId: id, path: inside };
    }
    const message = `The file ${path} lies on no datastore that is mounted on the host.`;
    throw new Fault('InvalidDatastore', message);
  }

  /** Resolves when it is mounted, or has taken too long. */
  #mountOne(entry: Entry): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = this.#clock.after(ANSWER_MS, () => {
        entry.status = silent(entry);
        resolve();
      });
      mountAndSweep(entry.datastore)
        .then((status) => {
          // When it is late, the next refresh says what it is like.
          if (entry.status.message === '') entry.status = status;
          resolve();
        }, reject)
        .finally(() => {
          timer.cancel();
          entry.isLooking = false;
        });
    });
  }

  #saw(entry: Entry, status: DatastoreStatus, onChange: OnChange): void {
    const { config } = entry.datastore;
    // It may have been unmounted since.
    if (this.#mounted.get(config.id) !== entry || !differs(status, entry.status)) return;
    const before = { config, ...entry.status };
    entry.status = status;
    onChange({ config, ...status }, before);
  }

  #find(datastoreId: string): Entry {
    const entry = this.#mounted.get(datastoreId);
    if (entry) return entry;
    const message = `The datastore ${datastoreId} is not mounted on the host.`;
    throw new Fault('InvalidDatastore', message);
  }
}

async function mountAndSweep(datastore: Datastore): Promise<DatastoreStatus> {
  const status = await datastore.mount();
  const { type, path } = datastore.config;
  if (status.accessible && type === 'VMFS') await sweep(path);
  return status;
}

async function sweep(path: string): Promise<void> {
  await sweepHeartbeats(path, systemFiles, systemProcesses).catch(() => {
    // What the dead have left takes a little space, and the next mount tries again.
  });
}

function silent({ datastore, status }: Entry): DatastoreStatus {
  const { path } = datastore.config;
  const message = `${path} did not answer within ${ANSWER_MS / 1000} s.`;
  return { ...status, accessible: false, message };
}

function differs(a: DatastoreStatus, b: DatastoreStatus): boolean {
  const much = a.capacityBytes / 1000;
  return (
    a.accessible !== b.accessible ||
    a.message !== b.message ||
    a.objectsDigest !== b.objectsDigest ||
    a.capacityBytes !== b.capacityBytes ||
    Math.abs(a.freeBytes - b.freeBytes) > much
  );
}
