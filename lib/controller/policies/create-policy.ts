// Creates a VM storage policy with host-based rules.
import { ROOT_FOLDER_ID } from '../../model/inventory.ts';
import { requireAllowed } from '../../model/verdict.ts';
import { completeRules, judgePolicyRules } from '../../rules/policy-rules.ts';
import { policyInputSchema } from '../../wire/api/policies.ts';
import { transact } from '../changes/transact.ts';
import type { Database } from '../database/client.ts';
import { allocateId } from '../inventory/allocate-id.ts';
import type { Caller } from '../permissions/caller.ts';
import { requirePrivileges } from '../permissions/missing-privileges.ts';
import { parseInput } from '../tasks/parse-input.ts';
import { announcePolicy, readKnownFilters, requireNameFree } from './policy-store.ts';

/**
 * Returns its id. `InvalidArgument`, `DuplicateName`, `NoPermission` (StorageProfile.Update on the
 * root).
 */
export async function createPolicy(db: Database, caller: Caller, input: unknown): Promise<string> {
  const { name, description, rules } = parseInput(policyInputSchema, input);
  return transact(db, async (tx) => {
    const wanted = { privilege: 'StorageProfile.Update' as const, objectId: ROOT_FOLDER_ID };
    await requirePrivileges(tx, caller, [wanted]);
    await requireNameFree(tx, name, null);
    const known = await readKnownFilters(tx);
    requireAllowed(judgePolicyRules(rules, known));
    const id = await allocateId(tx, 'policy');
    const by = { createdBy: caller.name, updatedBy: caller.name };
    const complete = JSON.parse(JSON.stringify(completeRules(rules, known)));
    await tx.policy.create({ data: { id, name, description, rules: complete, ...by } });
    await announcePolicy(tx, { caller, policy: { id, name }, verb: 'created', vmIds: [] });
    return id;
  });
}
