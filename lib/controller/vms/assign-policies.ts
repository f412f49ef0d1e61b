// Reconfigure virtual machine: gives disks a storage policy, which puts its filters on them, or
// takes it away.
import { z } from 'zod';
import { Fault, type Reason } from '../../model/fault.ts';
import type { DiskFilter } from '../../model/filter.ts';
import { objectIdSchema, ROOT_FOLDER_ID } from '../../model/inventory.ts';
import type { Privilege } from '../../model/role.ts';
import { verdictOf } from '../../model/verdict.ts';
import type { DiskFacts, HostFacts, VmFacts } from '../../rules/facts.ts';
import { orderFilters } from '../../rules/filter-order.ts';
import { judgeAssignment } from '../../rules/policy-assignment.ts';
import { assignPoliciesSchema, policyRuleSchema } from '../../wire/api/policies.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import type { Policy } from '../database/generated/client.ts';
import { findHostFacts } from '../hosts/host-store.ts';
import { missingKeyProviders } from '../keys/key-providers.ts';
import { missingTargets } from '../replication/replicated-disks.ts';
import { defineOperation } from '../tasks/operation.ts';
import { findVmFacts } from './vm-store.ts';

const assignPoliciesInputSchema = assignPoliciesSchema.extend({ vmId: objectIdSchema });
export type AssignPoliciesInput = z.infer<typeof assignPoliciesInputSchema>;

/** One disk with what it shall have. */
export interface PlannedDisk {
  disk: DiskFacts;
  policy: Policy | null;
  /** In call order. */
  filters: DiskFilter[];
}

export interface ObservedAssignment {
  target: { id: string; name: string };
  vm: VmFacts;
  host: HostFacts;
  movingBy: string | null;
  disks: PlannedDisk[];
  /** Key providers that are named and are not there, or no replication target. */
  keyReasons: Reason[];
}

export const assignPolicies = defineOperation<AssignPoliciesInput, ObservedAssignment>({
  key: 'VirtualMachine.reconfigure',
  label: 'Reconfigure virtual machine',
  input: assignPoliciesInputSchema,
  cancelable: false,
  observe: observeAssignment,
  privileges: ({ disks }, { vmId }) => [
    ...(changesReplication(disks)
      ? [{ privilege: 'VirtualMachine.Hbr.ConfigureReplication' as const, objectId: vmId }]
      : []),
    ...cryptoPrivileges(disks).map((privilege) => ({ privilege, objectId: vmId })),
    { privilege: 'VirtualMachine.Config.EditDevice', objectId: vmId },
    { privilege: 'StorageProfile.View', objectId: ROOT_FOLDER_ID },
  ],
  judge({ vm, host, movingBy, disks, keyReasons }) {
    const verdicts = disks.map(({ disk, filters }) =>
      judgeAssignment({ vm, host, disk, filters, movingBy }),
    );
    return verdictOf(
      [...keyReasons, ...verdicts.flatMap(({ reasons }) => reasons)],
      verdicts.flatMap(({ warnings }) => warnings),
    );
  },
});

export async function observeAssignment(
  tx: DatabaseTransaction,
  { vmId, assignments }: AssignPoliciesInput,
): Promise<ObservedAssignment> {
  const vm = await findVmFacts(tx, vmId);
  const host = await findHostFacts(tx, vm.hostId);
  const moving = await tx.task.findFirst({
    where: {
      targetId: vmId,
      operation: { in: ['VirtualMachine.migrate', 'Drm.ExecuteVMotionLRO'] },
      state: { in: ['queued', 'running'] },
    },
  });
  const disks: PlannedDisk[] = [];
  for (const { diskKey, policyId } of assignments) {
    const disk = vm.disks.find(({ key }) => key === diskKey);
    if (!disk) throw new Fault('NotFound', `${vm.name} has no disk ${diskKey}.`);
    const policy = policyId === null ? null : await findPolicy(tx, policyId);
    disks.push({ disk, policy, filters: policy ? filtersOf(policy) : [] });
  }
  const filters = disks.flatMap((planned) => planned.filters);
  const keyReasons = [
    ...(await missingKeyProviders(tx, filters)),
    ...(await missingTargets(tx, filters)),
  ];
  return { target: vm, vm, host, movingBy: moving?.label ?? null, disks, keyReasons };
}

/** Who puts encryption on a disk, or takes it from there, needs to be allowed to. */
function cryptoPrivileges(disks: readonly PlannedDisk[]): Privilege[] {
  const privileges = disks.flatMap(({ disk, filters }): Privilege[] => {
    const was = disk.filters.some((filter) => filter.class === 'encryption');
    const is = filters.some((filter) => filter.class === 'encryption');
    if (was === is) return [];
    return [is ? 'Cryptographer.Encrypt' : 'Cryptographer.Decrypt'];
  });
  return [...new Set(privileges)];
}

/** Who begins or ends the replication of a disk needs to be allowed to. */
function changesReplication(disks: readonly PlannedDisk[]): boolean {
  return disks.some(({ disk, filters }) => {
    const was = disk.filters.some((filter) => filter.class === 'replication');
    return was !== filters.some((filter) => filter.class === 'replication');
  });
}

/**
 * The filters of a policy's rules, in the order in which they are called. I/O control is told which
 * policy it is: disks of one policy may share a limit.
 */
function filtersOf({ id, rules }: Pick<Policy, 'id' | 'rules'>): DiskFilter[] {
  return orderFilters(
    z
      .array(policyRuleSchema)
      .parse(rules)
      .map(({ provider, filterClass, properties }) => ({
        name: provider,
        class: filterClass,
        properties:
          filterClass === 'datastoreIoControl' ? { ...properties, policy: id } : properties,
      })),
  );
}

async function findPolicy(tx: DatabaseTransaction, id: string): Promise<Policy> {
  const policy = await tx.policy.findUnique({ where: { id } });
  if (!policy) throw new Fault('NotFound', `There is no storage policy ${id}.`);
  return policy;
}
