// Puts the filters of the policies on the disks, one disk after the other. Each disk's chain is
// rebuilt by its host without losing an I/O; what was held back meanwhile, and for how long, is the
// task's result.
import { z } from 'zod';
import { type DiskFilter, diskFilterSchema } from '../../model/filter.ts';
import { requireAllowed } from '../../model/verdict.ts';
import { setDiskFilters } from '../../wire/agent/host-rpc.ts';
import { callOperation } from '../agents/call-operation.ts';
import { recordChanges } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import { postEvent } from '../events/post-event.ts';
import { decryptDisk } from '../keys/decrypt-disk.ts';
import { newKeyName, withKeys } from '../keys/managed-properties.ts';
import { refreshWorlds } from '../reconciler/refresh-host.ts';
import { withTarget } from '../replication/replicated-disks.ts';
import type { TaskContext, TaskHandler } from '../tasks/task-context.ts';
import {
  type AssignPoliciesInput,
  assignPolicies,
  observeAssignment,
  type PlannedDisk,
} from './assign-policies.ts';
import { findVm, toRunSpec, type VmRow } from './vm-store.ts';

const diskFiltersSchema = z.array(diskFilterSchema);
const doneSchema = z.array(
  z.object({ diskKey: z.number(), pauseMs: z.number(), heldIos: z.number() }),
);
type Done = z.infer<typeof doneSchema>;

export const performAssignPolicies: TaskHandler<AssignPoliciesInput> = async (context, input) => {
  const observed = await observeAssignment(context.db, input);
  requireAllowed(assignPolicies.judge(observed, input));
  let done: Done = context.checkpoint(doneSchema) ?? [];
  for (const planned of observed.disks) {
    const { key, label } = planned.disk;
    if (done.some(({ diskKey }) => diskKey === key)) continue;
    const vm = await findVm(context.db, input.vmId);
    await context.progress((done.length / observed.disks.length) * 100, `Reconfiguring ${label}`);
    const filters = await prepareKeys(context, vm, planned, input.replicationTargetId);
    const ready = { ...planned, filters };
    const measured = await applyToHost(context, vm, ready);
    await write(context, vm, ready);
    done = [...done, { diskKey: key, ...measured }];
    await context.saveCheckpoint(done);
  }
  const { host } = await findVm(context.db, input.vmId);
  await refreshWorlds(context, host);
  return {
    disks: done,
    pauseMs: Math.max(...done.map(({ pauseMs }) => pauseMs)),
    heldIos: done.reduce((sum, { heldIos }) => sum + heldIos, 0),
  };
};

/** With keys and target as needed; what encryption is to leave is in clear text then. */
async function prepareKeys(
  context: TaskContext,
  vm: VmRow,
  { disk, filters }: PlannedDisk,
  targetId: string | undefined,
) {
  const current = diskFiltersSchema.parse(vm.disks.find(({ key }) => key === disk.key)?.filters);
  const leaves = current.some(
    (each) => each.class === 'encryption' && !filters.some(({ name }) => name === each.name),
  );
  if (leaves) await decryptDisk(context, vm, { disk, current });
  const name = newKeyName(vm.id, disk.key, context.taskId);
  const { instanceUuid, replicationEra: era } = vm;
  const replica = { instanceUuid, diskKey: disk.key, era };
  const wanted = await withTarget(context.db, filters, { disk: replica, current, targetId });
  return withKeys(context, { current, wanted }, { name });
}

async function applyToHost(context: TaskContext, vm: VmRow, { disk, filters }: PlannedDisk) {
  const { taskId } = context;
  const input = {
    operationKey: `${taskId}:filters:${disk.key}`,
    vm: toRunSpec(vm),
    diskKey: disk.key,
    filters,
  };
  return callOperation(context, { host: vm.host, rpc: setDiskFilters, input });
}

/** What is in clear text on a disk of a VM that is off stays so until the VM is on. */
function laterOf(vm: VmRow, disk: PlannedDisk['disk'], filters: readonly DiskFilter[]): string {
  const encrypts = (each: Pick<DiskFilter, 'class'>) => each.class === 'encryption';
  const waits = filters.some(encrypts) && !disk.filters.some(encrypts);
  if (!waits || vm.powerState === 'poweredOn') return '';
  return ` What it holds is encrypted when ${vm.name} is powered on.`;
}

async function write(
  { db, initiator, taskId }: TaskContext,
  vm: VmRow,
  { disk, policy, filters }: PlannedDisk,
): Promise<void> {
  const names = filters.map(({ name }) => name).join(', ') || 'none';
  const what = policy ? `the storage policy ${policy.name}` : 'no storage policy';
  await transact(db, async (tx) => {
    await tx.disk.update({
      where: { vmId_key: { vmId: vm.id, key: disk.key } },
      data: {
        filters,
        policyId: policy?.id ?? null,
        policyGeneration: policy?.generation ?? null,
      },
    });
    await postEvent(tx, {
      type: 'VmReconfiguredEvent',
      severity: 'info',
      message:
        `Reconfigured ${vm.name} on ${vm.host.name}: ` +
        `${disk.label} has ${what}, filters: ${names}.${laterOf(vm, disk, filters)}`,
      objects: [vm.id, vm.hostId, ...(policy ? [policy.id] : [])],
      initiator,
      taskId,
    });
    const objects = new Set([vm.id, policy?.id, oldPolicyOf(vm, disk.key)]);
    await recordChanges(
      tx,
      [...objects].flatMap((object) => (object ? [{ object, path: 'filters' }] : [])),
    );
  });
}

function oldPolicyOf(vm: VmRow, key: number): string | null {
  return vm.disks.find((disk) => disk.key === key)?.policyId ?? null;
}
