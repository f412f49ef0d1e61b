// One host as its page shows it: image, datastores, its first VMs, and what may be done with it.
import { Fault } from '../../model/fault.ts';
import { filterClassSchema } from '../../model/filter-class-schema.ts';
import { datastoreTypeSchema } from '../../model/inventory.ts';
import type { HostView } from '../../wire/api/inventory.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import { hostHaOf } from '../ha/read-ha.ts';
import type { Caller } from '../permissions/caller.ts';
import { readVms } from '../vms/read-vms.ts';
import { judgeHostActions } from './judge-host-actions.ts';
import { readHosts } from './read-hosts.ts';

/** A host may have thousands of VMs, and its page is read again with every change of one. */
const VMS_SHOWN = 100;

/** `NotFound` when there is no such host. */
export async function readHost(
  { db, caller }: { db: DatabaseTransaction; caller: Caller },
  id: string,
): Promise<HostView> {
  const [[summary], image, vms] = await Promise.all([
    readHosts(db, { id }),
    readImage(db, id),
    readVms(db, { hostId: id, limit: VMS_SHOWN }),
  ]);
  if (!summary || !image) throw new Fault('NotFound', `There is no host ${id}.`);
  return { ...summary, ...image, vms, actions: await judgeHostActions(db, caller, summary) };
}

async function readImage(db: DatabaseTransaction, id: string) {
  const row = await db.host.findUnique({
    where: { id },
    select: {
      agentUrl: true,
      hostUuid: true,
      ...{ haState: true, haReason: true, haSince: true },
      vibs: { orderBy: { name: 'asc' } },
      mounts: { include: { datastore: true }, orderBy: { datastore: { name: 'asc' } } },
    },
  });
  if (!row) return null;
  return {
    agentUrl: row.agentUrl,
    hostUuid: row.hostUuid,
    ha: hostHaOf(row),
    vibs: row.vibs.map(({ hostId: _, installedAt, filterClass, ...vib }) => ({
      ...vib,
      filterClass: filterClassSchema.nullable().parse(filterClass),
      installedAt: installedAt.toISOString(),
    })),
    datastores: row.mounts.map(({ datastore, accessible, message }) => ({
      id: datastore.id,
      name: datastore.name,
      type: datastoreTypeSchema.parse(datastore.type),
      accessible,
      message,
    })),
  };
}
