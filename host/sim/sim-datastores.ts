// Paths of the simulated datastores, and a simulated host as operations on files see it.
import { assert } from '#lib/base/assert.ts';
import type { Clock } from '#lib/base/clock.ts';
import type { Random } from '#lib/base/random.ts';
import { Fault } from '#lib/model/fault.ts';
import type { OperatingHost } from '../agent/vm/operated-vm.ts';
import type { DatastorePaths } from '../datastore/vm-home.ts';
import type { DiskFiles } from '../disk/extent-file.ts';
import { NO_STORAGE } from '../volumes/storage-config.ts';

/** Ids of the datastores; each is a directory of that name. */
export const DATASTORES = ['datastore-1', 'datastore-2'] as const;

export function pathOf(datastoreId: string, path: string): string {
  return `/${datastoreId}/${path}`;
}

const PATHS: DatastorePaths = {
  resolve: (datastoreId, path) => Promise.resolve(pathOf(datastoreId, path)),
  locate: (full) => {
    const [, datastoreId = '', ...path] = full.split('/');
    assert(
      DATASTORES.some((id) => id === datastoreId),
      'it lies on a datastore',
    );
    return Promise.resolve({ datastoreId, path: path.join('/') });
  },
};

export interface OperatingHostParts {
  name: string;
  clock: Clock;
  random: Random;
  files: DiskFiles;
}

export function operatingHost({ name, ...parts }: OperatingHostParts): OperatingHost {
  const noObjects = (): never => {
    throw new Fault('InvalidDatastore', 'The simulated datastores have files alone.');
  };
  return {
    ...parts,
    who: () => ({ hostUuid: name, hostName: name }),
    storage: () => NO_STORAGE,
    findFilter: (filter) => ({ ...filter, entryPath: '/image', entrySha256: '0'.repeat(64) }),
    datastores: PATHS,
    paths: { launch: '/launch', runtime: '/run', logs: '/log' },
    objects: {
      open: noObjects,
      newName: () => null,
      create: noObjects,
      grow: noObjects,
      remove: noObjects,
      allocatedBytes: noObjects,
      deviceBytes: noObjects,
      mapDevice: noObjects,
    },
  };
}
