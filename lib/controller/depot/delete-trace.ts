// Deletes a vSCSI trace from the depot. A player that runs has its own copy.
import { rm } from 'node:fs/promises';
import { Fault } from '../../model/fault.ts';
import { ROOT_FOLDER_ID } from '../../model/inventory.ts';
import { recordChange } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import type { Database } from '../database/client.ts';
import type { Caller } from '../permissions/caller.ts';
import { requirePrivileges } from '../permissions/missing-privileges.ts';
import { type Depot, depotPath } from './depot.ts';

/** `NotFound`, `NoPermission` (Datastore.FileManagement on the root folder). */
export async function deleteTrace(
  { db, depot, caller }: { db: Database; depot: Depot; caller: Caller },
  id: string,
): Promise<void> {
  const fileName = await transact(db, async (tx) => {
    const wanted = [{ privilege: 'Datastore.FileManagement', objectId: ROOT_FOLDER_ID }] as const;
    await requirePrivileges(tx, caller, wanted);
    const trace = await tx.traceFile.findUnique({ where: { id } });
    if (!trace) throw new Fault('NotFound', `There is no trace ${id} in the depot.`);
    await tx.traceFile.delete({ where: { id } });
    await recordChange(tx, { object: id, path: 'deleted' });
    return trace.fileName;
  });
  await rm(depotPath(depot, 'traces', fileName), { force: true });
}
