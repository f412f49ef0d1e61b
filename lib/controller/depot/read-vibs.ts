// The VIBs of the depot with the clusters that have them installed. Three queries, whatever their
// number.
import { groupBy } from '../../base/group-by.ts';
import type { Reason } from '../../model/fault.ts';
import { ROOT_FOLDER_ID } from '../../model/inventory.ts';
import { verdictOf } from '../../model/verdict.ts';
import { vibInspectionSchema } from '../../model/vib.ts';
import type { DepotVibView } from '../../wire/api/operations.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import type { Prisma } from '../database/generated/client.ts';
import type { Caller } from '../permissions/caller.ts';
import { missingPrivilegeReasons } from '../permissions/missing-privileges.ts';
import { installedReason } from './delete-vib.ts';

/** The VIBs that the condition selects (all without one), by name, newest first. */
export async function readDepotVibs(
  { db, caller }: { db: DatabaseTransaction; caller: Caller },
  where: Prisma.VibWhereInput = {},
): Promise<DepotVibView[]> {
  const [vibs, installed, missing] = await Promise.all([
    db.vib.findMany({ where, orderBy: [{ name: 'asc' }, { addedAt: 'desc' }] }),
    db.clusterFilter.findMany({
      include: { cluster: { select: { id: true, name: true } } },
      orderBy: { cluster: { name: 'asc' } },
    }),
    missingPrivilegeReasons(db, caller, [
      { privilege: 'Host.Config.Patch', objectId: ROOT_FOLDER_ID },
    ]),
  ]);
  const clustersOf = groupBy(installed, ({ depotId }) => depotId);
  return vibs.map(({ id, vibId, addedAt, addedBy, inspection }) => {
    const clusters = (clustersOf.get(id) ?? []).map(({ cluster }) => cluster);
    const inUse: Reason[] = clusters.length > 0 ? [installedReason(vibId, clusters)] : [];
    return {
      ...{ id, addedBy, addedAt: addedAt.toISOString() },
      inspection: vibInspectionSchema.parse(inspection),
      installedOn: clusters,
      actions: { delete: verdictOf([...missing, ...inUse]) },
    };
  });
}
