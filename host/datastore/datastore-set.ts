// The datastores that a host mounts, with what was last seen of each.
import { realpath } from 'node:fs/promises';
import { isAbsolute, relative } from 'node:path';
import { Fault } from '#lib/model/fault.ts';
import { Datastore, type DatastoreStatus } from './datastore.ts';
import type { DatastoreConfig } from './datastore-config.ts';
import { sweepHeartbeats } from './locking/heartbeat-folder.ts';
import { systemProcesses } from './process-identity.ts';
import { systemFiles } from './small-files.ts';

export interface MountedDatastore extends DatastoreStatus {
  config: DatastoreConfig;
}

export class DatastoreSet {
  #mounted = new Map<string, { datastore: Datastore; status: DatastoreStatus }>();

  /** Mounts these and forgets all others. */
  async mount(configs: readonly DatastoreConfig[]): Promise<void> {
    const mounted = new Map<string, { datastore: Datastore; status: DatastoreStatus }>();
    for (const config of configs) {
      const datastore = new Datastore(config);
      const status = await datastore.mount();
      if (status.accessible && config.type === 'VMFS') await sweep(config.path);
      mounted.set(config.id, { datastore, status });
    }
    this.#mounted = mounted;
  }

  /** Looks at all of them again; true when anything but the free space by a little has changed. */
  async refresh(): Promise<boolean> {
    let changed = false;
    for (const entry of this.#mounted.values()) {
      const status = await entry.datastore.status();
      if (differs(status, entry.status)) {
        entry.status = status;
        changed = true;
      }
    }
    return changed;
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

  #find(datastoreId: string): { datastore: Datastore; status: DatastoreStatus } {
    const entry = this.#mounted.get(datastoreId);
    if (entry) return entry;
    const message = `The datastore ${datastoreId} is not mounted on the host.`;
    throw new Fault('InvalidDatastore', message);
  }
}

async function sweep(path: string): Promise<void> {
  await sweepHeartbeats(path, systemFiles, systemProcesses).catch(() => {
    // What the dead have left takes a little space, and the next mount tries again.
  });
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
