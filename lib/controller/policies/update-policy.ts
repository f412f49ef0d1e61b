// Edits a VM storage policy. Changed rules bump its generation: disks that have it are out of date
// until reapplied.
import { ROOT_FOLDER_ID } from '../../model/inventory.ts';
import { requireAllowed } from '../../model/verdict.ts';
import { completeRules, judgePolicyRules } from '../../rules/policy-rules.ts';
import { policyInputSchema } from '../../wire/api/policies.ts';
import { transact } from '../changes/transact.ts';
import type { Database } from '../database/client.ts';
import type { Caller } from '../permissions/caller.ts';
import { requirePrivileges } from '../permissions/missing-privileges.ts';
import { canonical } from '../reconciler/apply-worlds.ts';
import { parseInput } from '../tasks/parse-input.ts';
import {
  announcePolicy,
  findPolicy,
  findUses,
  readKnownFilters,
  requireNameFree,
} from './policy-store.ts';

export interface PolicyUpdate {
  policyId: string;
  /** policyInputSchema. */
  input: unknown;
}

/** `NotFound`, `InvalidArgument`, `DuplicateName`, `NoPermission`. */
export async function updatePolicy(
  db: Database,
  caller: Caller,
  { policyId, input }: PolicyUpdate,
): Promise<void> {
  const { name, description, rules } = parseInput(policyInputSchema, input);
  await transact(db, async (tx) => {
    const wanted = { privilege: 'StorageProfile.Update' as const, objectId: ROOT_FOLDER_ID };
    await requirePrivileges(tx, caller, [wanted]);
    const policy = await findPolicy(tx, policyId);
    await requireNameFree(tx, name, policyId);
    const known = await readKnownFilters(tx);
    requireAllowed(judgePolicyRules(rules, known));
    const complete = completeRules(rules, known);
    const changed = canonical(complete) !== canonical(policy.rules);
    await tx.policy.update({
      where: { id: policyId },
      data: {
        name,
        description,
        rules: JSON.parse(JSON.stringify(complete)),
        updatedBy: caller.name,
        ...(changed ? { generation: { increment: 1 } } : {}),
      },
    });
    const { vmIds } = await findUses(tx, policyId);
    await announcePolicy(tx, { caller, policy: { id: policyId, name }, verb: 'updated', vmIds });
  });
}
