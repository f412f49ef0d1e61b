// Deletes a VM storage policy that nothing has.
import { Fault } from '../../model/fault.ts';
import { ROOT_FOLDER_ID } from '../../model/inventory.ts';
import { transact } from '../changes/transact.ts';
import type { Database } from '../database/client.ts';
import type { Caller } from '../permissions/caller.ts';
import { requirePrivileges } from '../permissions/missing-privileges.ts';
import { announcePolicy, findPolicy, findUses } from './policy-store.ts';

/** `NotFound`, `ResourceInUse` with a reason for each use, `NoPermission`. */
export async function deletePolicy(db: Database, caller: Caller, policyId: string): Promise<void> {
  await transact(db, async (tx) => {
    const wanted = { privilege: 'StorageProfile.Update' as const, objectId: ROOT_FOLDER_ID };
    await requirePrivileges(tx, caller, [wanted]);
    const policy = await findPolicy(tx, policyId);
    const { reasons } = await findUses(tx, policyId);
    if (reasons.length > 0) {
      const message = `The storage policy ${policy.name} is in use.`;
      throw new Fault('ResourceInUse', message, { reasons });
    }
    await tx.policy.delete({ where: { id: policyId } });
    await announcePolicy(tx, { caller, policy, verb: 'deleted', vmIds: [] });
  });
}
