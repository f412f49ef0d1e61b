// Creates a cluster in a datacenter, or finds the one of that name there.
import type { DrsConfig } from '../../model/inventory.ts';
import { recordChange } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import type { Database } from '../database/client.ts';
import { postEvent } from '../events/post-event.ts';
import { allocateId } from './allocate-id.ts';

export interface NewCluster {
  name: string;
  datacenterId: string;
  drs: DrsConfig;
}

/** Returns its id. */
export function createCluster(
  db: Database,
  { name, datacenterId, drs }: NewCluster,
): Promise<string> {
  return transact(db, async (tx) => {
    const where = { datacenterId_name: { datacenterId, name } };
    const found = await tx.cluster.findUnique({ where });
    if (found) return found.id;
    const id = await allocateId(tx, 'cluster');
    const settings = {
      drsEnabled: drs.enabled,
      drsBehavior: drs.behavior,
      drsThreshold: drs.threshold,
    };
    await tx.cluster.create({ data: { id, name, datacenterId, ...settings } });
    await postEvent(tx, {
      type: 'ClusterCreatedEvent',
      severity: 'info',
      message: `The cluster ${name} was created.`,
      objects: [id, datacenterId],
    });
    await recordChange(tx, { object: id, path: 'created' });
    return id;
  });
}
