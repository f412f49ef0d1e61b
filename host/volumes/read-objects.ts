// The objects of a datastore of any type, and what the report says of them.
import { createHash } from 'node:crypto';
import type { StorageObject } from '#lib/model/storage-object.ts';
import { OBJECTS_TOLD_MAX } from '#lib/wire/agent/object-rpc.ts';
import type { DatastoreConfig } from '../datastore/datastore-config.ts';
import { describeObjects } from '../vsan/describe-objects.ts';
import { queryVolumes } from '../vvol/provider-rpc.ts';
import { providerOf } from '../vvol/vvol-container.ts';
import { callPeer } from './rpc-client.ts';

export interface ObjectsSeen {
  /** By id. */
  objects: StorageObject[];
  /** How many are in which state; all of them, though `objects` may be cut. */
  objectHealth: Record<string, number>;
  /** Another one when anything but the space that they take is different. */
  objectsDigest: string;
}

/** Null of a datastore of files. Throws `HostNotReachable` when the provider does not answer. */
export async function seeObjects(config: DatastoreConfig): Promise<ObjectsSeen | null> {
  if (config.type !== 'vsan' && config.type !== 'VVOL') return null;
  const all = await (config.type === 'vsan' ? describeObjects(config.path) : volumes(config));
  const objectHealth: Record<string, number> = {};
  for (const { state } of all) objectHealth[state] = (objectHealth[state] ?? 0) + 1;
  const lasting = all.map(({ usedBytes: _, ...object }) => object);
  const hash = createHash('sha256').update(JSON.stringify(lasting));
  const objectsDigest = hash.digest('hex').slice(0, 16);
  return { objects: all.slice(0, OBJECTS_TOLD_MAX), objectHealth, objectsDigest };
}

async function volumes({ options }: DatastoreConfig): Promise<StorageObject[]> {
  const { volumes: found } = await callPeer(providerOf(options), queryVolumes, { id: null });
  return found
    .map(({ id, sizeBytes, allocatedBytes, holder }) => ({
      ...{ id, sizeBytes, usedBytes: allocatedBytes, holder },
      state: holder === null ? ('unbound' as const) : ('bound' as const),
      ...{ bytesToResync: 0, components: [] },
    }))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}
