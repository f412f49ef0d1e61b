// Whether a vSAN or vVol datastore can be used from here, and its space.
import { Fault } from '#lib/model/fault.ts';
import type { DatastoreConfig } from '../datastore/datastore-config.ts';
import { vsanSpace } from '../vsan/vsan-datastore.ts';
import { queryContainer } from '../vvol/provider-rpc.ts';
import { providerOf } from '../vvol/vvol-container.ts';
import { callPeer } from './rpc-client.ts';

/** Fewer nodes have no majority of any object. */
const NODES_MIN = 2;

export interface RemoteSpace {
  capacityBytes: number;
  freeBytes: number;
}

/**
 * Null for datastores whose space is that of their directory. Throws a fault that says why it
 * cannot be used.
 */
export async function remoteSpace(config: DatastoreConfig): Promise<RemoteSpace | null> {
  if (config.type === 'vsan') {
    const { nodes, nodesRegistered, ...space } = await vsanSpace(config.path);
    if (nodes >= NODES_MIN) return space;
    const message = `${nodes} of the ${nodesRegistered} hosts of the vSAN answer`;
    throw new Fault('InvalidDatastore', `${message}; ${NODES_MIN} are needed.`);
  }
  if (config.type === 'VVOL') {
    const { capacityBytes, freeBytes } = await callPeer(
      providerOf(config.options),
      queryContainer,
      {},
    );
    return { capacityBytes, freeBytes };
  }
  return null;
}
