// Adds a host to the inventory, or brings the address and the mounts of the one of that name up to
// date.
import { recordChanges } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import type { Database, DatabaseTransaction } from '../database/client.ts';
import { postEvent } from '../events/post-event.ts';
import { allocateId } from './allocate-id.ts';

export interface NewHost {
  name: string;
  datacenterId: string;
  /** Null for a standalone host. */
  clusterId: string | null;
  /** Base URL of its agent. */
  agentUrl: string;
  /** Bearer token that the agent knows its controller by. */
  agentToken: string;
  /** Datastores that it shall mount. */
  datastoreIds: string[];
}

/** Returns its id. The controller connects to it as soon as it sees the row. */
export function registerHost(db: Database, host: NewHost): Promise<string> {
  const { datastoreIds, ...columns } = host;
  return transact(db, async (tx) => {
    const found = await tx.host.findUnique({ where: { name: host.name } });
    const id = found?.id ?? (await allocateId(tx, 'host'));
    if (found) await tx.host.update({ where: { id }, data: columns });
    else await tx.host.create({ data: { id, ...columns } });
    await mount(tx, id, datastoreIds);
    if (!found) {
      await postEvent(tx, {
        type: 'HostAddedEvent',
        severity: 'info',
        message: `${host.name} was added to the inventory.`,
        objects: [id, host.clusterId ?? host.datacenterId],
      });
    }
    await recordChanges(tx, [
      { object: id, path: found ? 'datastores' : 'created' },
      ...datastoreIds.map((object) => ({ object, path: 'hosts' })),
    ]);
    return id;
  });
}

async function mount(
  tx: DatabaseTransaction,
  hostId: string,
  datastoreIds: string[],
): Promise<void> {
  await tx.hostDatastore.deleteMany({ where: { hostId, datastoreId: { notIn: datastoreIds } } });
  await tx.hostDatastore.createMany({
    data: datastoreIds.map((datastoreId) => ({ hostId, datastoreId })),
    skipDuplicates: true,
  });
}
