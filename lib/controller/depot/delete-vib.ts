// Deletes a VIB from the depot, unless a cluster has it or is about to: its hosts may have to fetch
// it again.
import { Fault, type Reason } from '../../model/fault.ts';
import { ROOT_FOLDER_ID } from '../../model/inventory.ts';
import { recordChange } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import type { Database, DatabaseTransaction } from '../database/client.ts';
import { postEvent } from '../events/post-event.ts';
import type { Caller } from '../permissions/caller.ts';
import { requirePrivileges } from '../permissions/missing-privileges.ts';
import type { Depot } from './depot.ts';
import { discardFiles } from './discard-files.ts';

/** `NotFound`, `ResourceInUse`, `NoPermission` (Host.Config.Patch on the root folder). */
export async function deleteVib(
  { db, depot, caller }: { db: Database; depot: Depot; caller: Caller },
  id: string,
): Promise<void> {
  const fileName = await transact(db, async (tx) => {
    const wanted = [{ privilege: 'Host.Config.Patch', objectId: ROOT_FOLDER_ID }] as const;
    await requirePrivileges(tx, caller, wanted);
    await tx.$queryRaw`SELECT id FROM "Vib" WHERE id = ${id} FOR UPDATE`;
    const vib = await tx.vib.findUnique({ where: { id } });
    if (!vib) throw new Fault('NotFound', `There is no VIB ${id} in the depot.`);
    const reasons = await findUses(tx, vib);
    const [first] = reasons;
    if (first) throw new Fault('ResourceInUse', first.message, { reasons });
    await forgetVib(tx, vib, caller.name);
    return vib.fileName;
  });
  await discardFiles({ db, depot }, [fileName]);
}

/** Takes the entry away; the caller has seen that nothing needs it, and removes the file. */
export async function forgetVib(
  tx: DatabaseTransaction,
  { id, vibId }: { id: string; vibId: string },
  by: string,
): Promise<void> {
  await tx.vib.delete({ where: { id } });
  await recordChange(tx, { object: id, path: 'deleted' });
  await postEvent(tx, {
    type: 'DepotVibRemovedEvent',
    severity: 'info',
    message: `${by} deleted ${vibId} from the depot.`,
    objects: [id],
    initiator: by,
  });
}

/** Why a VIB that clusters have cannot be deleted. */
export function installedReason(vibId: string, clusters: readonly { id: string; name: string }[]) {
  return {
    fault: 'ResourceInUse',
    message: `${vibId} is installed on ${clusters.map(({ name }) => name).join(', ')}.`,
    remedy: 'Uninstall the filter first.',
    objects: clusters.map((cluster) => cluster.id),
  } as const satisfies Reason;
}

/** What needs the VIB; empty when it can go. */
export async function findUses(
  tx: DatabaseTransaction,
  { id, vibId }: { id: string; vibId: string },
): Promise<Reason[]> {
  const installed = await tx.clusterFilter.findMany({
    where: { depotId: id },
    select: { cluster: { select: { id: true, name: true } } },
  });
  const task = await tx.task.findFirst({
    where: { state: { in: ['queued', 'running'] }, input: { path: ['depotId'], equals: id } },
  });
  const reasons: Reason[] = [];
  const clusters = installed.map(({ cluster }) => cluster);
  if (clusters.length > 0) reasons.push(installedReason(vibId, clusters));
  if (task) {
    reasons.push({
      fault: 'ResourceInUse',
      message: `“${task.label}” on ${task.targetName} uses ${vibId}.`,
      remedy: 'Wait until the task has ended.',
      objects: [task.targetId],
    });
  }
  return reasons;
}
