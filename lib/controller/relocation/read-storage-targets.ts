// Every datastore with the verdict on moving a VM there, home and disks: what the dialog lists.
import { verdictOf } from '../../model/verdict.ts';
import type { StorageTarget } from '../../wire/api/vm-operations.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import { readDatastoreFacts } from '../inventory/read-facts.ts';
import type { Caller } from '../permissions/caller.ts';
import { missingPrivilegeReasons } from '../permissions/missing-privileges.ts';
import { relocateVm } from './relocate-vm.ts';

/** By name. `NotFound` when there is no such VM. */
export async function readStorageTargets(
  { db, caller }: { db: DatabaseTransaction; caller: Caller },
  vmId: string,
): Promise<{ targets: StorageTarget[] }> {
  const targets: StorageTarget[] = [];
  for (const datastore of await readDatastoreFacts(db)) {
    const input = { vmId, datastoreId: datastore.id, disks: [] };
    const observed = await relocateVm.observe(db, input);
    const wanted = relocateVm.privileges(observed, input);
    const missing = await missingPrivilegeReasons(db, caller, wanted);
    const { reasons, warnings } = relocateVm.judge(observed, input);
    const places = [observed.vm, ...observed.vm.disks];
    targets.push({
      datastore: { id: datastore.id, name: datastore.name },
      type: datastore.type,
      capacityBytes: datastore.capacityBytes,
      freeBytes: datastore.freeBytes,
      current: places.every(({ datastoreId }) => datastoreId === datastore.id),
      verdict: verdictOf([...missing, ...reasons], warnings),
    });
  }
  return { targets };
}
