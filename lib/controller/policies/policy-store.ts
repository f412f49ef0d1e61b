// Storage policies: the filters that they may name, their uses, and the changes and events of
// writing them.
import { Fault, type Reason } from '../../model/fault.ts';
import { vibInspectionSchema } from '../../model/vib.ts';
import type { KnownFilter } from '../../rules/policy-rules.ts';
import { recordChanges } from '../changes/record-change.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import type { Policy } from '../database/generated/client.ts';
import { postEvent } from '../events/post-event.ts';
import type { Caller } from '../permissions/caller.ts';

/** The filters that the depot's VIBs bring, the newest VIB of a filter first. */
export async function readKnownFilters(tx: DatabaseTransaction): Promise<KnownFilter[]> {
  const vibs = await tx.vib.findMany({
    where: { filterName: { not: null } },
    orderBy: { addedAt: 'desc' },
    select: { inspection: true },
  });
  return vibs.flatMap(({ inspection }) => {
    const { filter } = vibInspectionSchema.parse(inspection);
    return filter
      ? [{ name: filter.name, class: filter.class, properties: filter.properties }]
      : [];
  });
}

/** `NotFound` when there is no such policy. */
export async function findPolicy(tx: DatabaseTransaction, id: string): Promise<Policy> {
  const policy = await tx.policy.findUnique({ where: { id } });
  if (!policy) throw new Fault('NotFound', `There is no storage policy ${id}.`);
  return policy;
}

/** Throws `DuplicateName` when another policy has the name. */
export async function requireNameFree(
  tx: DatabaseTransaction,
  name: string,
  ownId: string | null,
): Promise<void> {
  const other = await tx.policy.findUnique({ where: { name } });
  if (!other || other.id === ownId) return;
  throw new Fault('DuplicateName', `There is a storage policy named ${name} already.`);
}

/** VMs whose home or disks have the policy, with a reason that names each use. */
export async function findUses(
  tx: DatabaseTransaction,
  policyId: string,
): Promise<{ vmIds: string[]; reasons: Reason[] }> {
  const disks = await tx.disk.findMany({
    where: { policyId },
    include: { vm: { select: { name: true } } },
  });
  const homes = await tx.vm.findMany({ where: { policyId }, select: { id: true, name: true } });
  const uses = [
    ...disks.map(({ vmId, label, vm }) => ({ vmId, what: `${label} of ${vm.name}` })),
    ...homes.map(({ id, name }) => ({ vmId: id, what: `the home of ${name}` })),
  ];
  return {
    vmIds: [...new Set(uses.map(({ vmId }) => vmId))],
    reasons: uses.map(({ vmId, what }) => ({
      fault: 'ResourceInUse',
      message: `The policy is assigned to ${what}.`,
      remedy: 'Assign another policy first.',
      objects: [vmId],
    })),
  };
}

/** The event and the changes of a written policy; the VMs that have it look different now. */
export async function announcePolicy(
  tx: DatabaseTransaction,
  {
    caller,
    policy,
    verb,
    vmIds,
  }: {
    caller: Caller;
    policy: { id: string; name: string };
    verb: 'created' | 'updated' | 'deleted';
    vmIds: string[];
  },
): Promise<void> {
  await postEvent(tx, {
    type: `com.vmware.pbm.profile.${verb}`,
    severity: 'info',
    message: `${caller.name} ${verb} the storage policy ${policy.name}.`,
    objects: [policy.id, ...vmIds],
    initiator: caller.name,
  });
  await recordChanges(tx, [
    { object: policy.id, path: verb },
    ...vmIds.map((object) => ({ object, path: 'compliance' })),
  ]);
}
