// Storage policies with the disks that they are assigned to and the compliance of each.
import { z } from 'zod';
import { groupBy } from '../../base/group-by.ts';
import { Fault, type Reason } from '../../model/fault.ts';
import { ROOT_FOLDER_ID } from '../../model/inventory.ts';
import { type PolicyView, policyRuleSchema } from '../../wire/api/policies.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import type { Policy, Prisma } from '../database/generated/client.ts';
import type { Caller } from '../permissions/caller.ts';
import { judgeActions } from '../permissions/judge-actions.ts';
import { judgeDisk, parseFilters, readHostsOfVms } from '../vms/vm-rows.ts';

/** Names in a sentence. */
const NAMES_SHOWN = 5;
const rulesSchema = z.array(policyRuleSchema);

/** The policies that the condition selects (all without one), by name. */
export async function readPolicies(
  { db, caller }: { db: DatabaseTransaction; caller: Caller },
  where: Prisma.PolicyWhereInput = {},
): Promise<PolicyView[]> {
  const [policies, disks, homes] = await Promise.all([
    db.policy.findMany({ where, orderBy: { name: 'asc' } }),
    readAssignedDisks(db, where),
    db.vm.findMany({ where: { policy: where }, select: { policyId: true, id: true, name: true } }),
  ]);
  const wanted = [{ privilege: 'StorageProfile.Update', objectId: ROOT_FOLDER_ID }] as const;
  const { edit } = await judgeActions(db, caller, { edit: { wanted } });
  const missing = edit?.reasons ?? [];
  const assignments = groupBy(disks, ({ policyId }) => policyId);
  const homesOf = groupBy(homes, ({ policyId }) => policyId ?? '');
  return policies.map((policy) => {
    const assigned = (assignments.get(policy.id) ?? []).map(({ policyId: _, ...rest }) => rest);
    const users = [
      ...assigned.map(({ vmName }) => vmName),
      ...(homesOf.get(policy.id) ?? []).map(({ name }) => name),
    ];
    const remove = [...missing, ...inUse(policy, [...new Set(users)])];
    return {
      ...describePolicy(policy),
      assignments: assigned,
      actions: {
        edit: { allowed: missing.length === 0, reasons: missing, warnings: [] },
        delete: { allowed: remove.length === 0, reasons: remove, warnings: [] },
      },
    };
  });
}

/** `NotFound` when there is no such policy. */
export async function readPolicy(
  context: { db: DatabaseTransaction; caller: Caller },
  id: string,
): Promise<PolicyView> {
  const [policy] = await readPolicies(context, { id });
  if (!policy) throw new Fault('NotFound', `There is no storage policy ${id}.`);
  return policy;
}

function describePolicy(policy: Policy): Omit<PolicyView, 'assignments' | 'actions'> {
  const { id, name, description, generation, createdBy, updatedBy } = policy;
  return {
    ...{ id, name, description, generation, createdBy, updatedBy },
    rules: rulesSchema.parse(policy.rules),
    createdAt: policy.createdAt.toISOString(),
    updatedAt: policy.updatedAt.toISOString(),
  };
}

type Assignment = PolicyView['assignments'][number] & { policyId: string };

/** What a policy's page shows of each disk that has it, and no more: there may be thousands. */
async function readAssignedDisks(
  db: DatabaseTransaction,
  where: Prisma.PolicyWhereInput,
): Promise<Assignment[]> {
  const [disks, hosts] = await Promise.all([
    db.disk.findMany({
      where: { policyId: { not: null }, policy: where },
      orderBy: [{ vm: { name: 'asc' } }, { key: 'asc' }],
      select: {
        ...{ key: true, label: true, policyGeneration: true, filters: true },
        ...{ reportedFilters: true },
        policy: { select: { id: true, name: true, generation: true } },
        vm: { select: { id: true, name: true, hostId: true, powerState: true } },
      },
    }),
    readHostsOfVms(db),
  ]);
  return disks.flatMap(({ policy, vm, ...disk }) => {
    const host = hosts.get(vm.hostId);
    if (!policy || !host) return [];
    const filters = parseFilters(disk.filters) ?? [];
    const reportedFilters = parseFilters(disk.reportedFilters);
    const facts = { ...disk, policy, filters, reportedFilters };
    const compliance = judgeDisk(facts, vm.powerState, host).status;
    return [
      {
        ...{ policyId: policy.id, vmId: vm.id, vmName: vm.name },
        ...{ diskKey: disk.key, diskLabel: disk.label, compliance },
      },
    ];
  });
}

function inUse({ name }: Policy, vmNames: string[]): Reason[] {
  if (vmNames.length === 0) return [];
  const shown = vmNames.slice(0, NAMES_SHOWN).join(', ');
  const rest = vmNames.length - NAMES_SHOWN;
  const more = rest > 0 ? ` and ${rest} more` : '';
  return [
    {
      fault: 'ResourceInUse',
      message: `The policy ${name} is assigned to ${shown}${more}.`,
      remedy: 'Assign these disks another policy first.',
    },
  ];
}
