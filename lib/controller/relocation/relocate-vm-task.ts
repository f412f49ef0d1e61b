// Moves a VM's files to other datastores, and the VM to another host when asked, step by step.
// After each step the VM is whole where it is, so a task that fails leaves it there and says so.
import { z } from 'zod';
import { Fault, fromFaultRecord } from '../../model/fault.ts';
import { faultRecordSchema } from '../../model/task.ts';
import { requireAllowed } from '../../model/verdict.ts';
import {
  planRelocation,
  type RelocationStep,
  type WantedPlace,
} from '../../rules/storage/relocation.ts';
import { provisioningSchema, relocateVm as relocateVmRpc } from '../../wire/agent/disk-rpc.ts';
import { callOperation } from '../agents/call-operation.ts';
import { recordChanges } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import { postEvent } from '../events/post-event.ts';
import { markLayoutUnknown, showProgress } from '../layouts/change-layout.ts';
import { type LayoutToWrite, writeLayout } from '../layouts/write-layout.ts';
import { systemCaller } from '../permissions/caller.ts';
import { waitForChildren } from '../tasks/children.ts';
import { submit } from '../tasks/submit.ts';
import type { TaskContext, TaskHandler } from '../tasks/task-context.ts';
import { migrate } from '../vms/migrate.ts';
import { findVm, toRunSpec, type VmRow } from '../vms/vm-store.ts';
import { type RelocateInput, relocateVm } from './relocate-vm.ts';
import { relocationRequest } from './relocation-request.ts';

const placeSchema = z.object({
  homeDatastoreId: z.string(),
  disks: z.array(
    z.object({ key: z.number(), datastoreId: z.string(), provisioning: provisioningSchema }),
  ),
});
const stepSchema = z.union([
  z.object({ kind: z.literal('relocate'), place: placeSchema }),
  z.object({ kind: z.literal('migrate'), hostId: z.string() }),
]);
const checkpointSchema = z.object({
  steps: z.array(stepSchema),
  done: z.number().int(),
  pauseMs: z.number(),
  heldIos: z.number(),
  copiedBytes: z.number(),
});
type Checkpoint = z.infer<typeof checkpointSchema>;

export const performRelocate: TaskHandler<RelocateInput> = async (context, input) => {
  let state = context.checkpoint(checkpointSchema) ?? (await begin(context, input));
  while (state.done < state.steps.length) {
    if (state.done > 0) context.signal.throwIfAborted();
    const step = state.steps[state.done];
    if (!step) break;
    state =
      step.kind === 'relocate'
        ? await moveStorage(context, input.vmId, { state, place: step.place })
        : await moveHost(context, input.vmId, { state, hostId: step.hostId });
  }
  const { pauseMs, heldIos, copiedBytes } = state;
  return { pauseMs, heldIos, copiedBytes };
};

function begin({ db, taskId }: TaskContext, input: RelocateInput): Promise<Checkpoint> {
  return transact(db, async (tx) => {
    const observed = await relocateVm.observe(tx, input);
    const { verdict, steps } = planRelocation(observed);
    requireAllowed(verdict);
    const checkpoint = start(steps);
    await markLayoutUnknown(tx, input.vmId);
    await tx.task.update({ where: { id: taskId }, data: { checkpoint } });
    return checkpoint;
  });
}

function start(steps: RelocationStep[]): Checkpoint {
  return { steps, done: 0, pauseMs: 0, heldIos: 0, copiedBytes: 0 };
}

async function moveStorage(
  context: TaskContext,
  vmId: string,
  { state, place }: { state: Checkpoint; place: WantedPlace },
): Promise<Checkpoint> {
  const vm = await findVm(context.db, vmId);
  const step = `Moving the disks of ${vm.name}`;
  const { from, to } = shareOf(state);
  await context.progress(from, step);
  const answer = await callOperation(context, {
    host: vm.host,
    rpc: relocateVmRpc,
    input: {
      ...{ operationKey: `${context.taskId}:relocate:${state.done}`, vm: toRunSpec(vm) },
      ...(await relocationRequest(context.db, vm, place)),
    },
    cancelable: true,
    onProgress: showProgress(context, from, to, step),
  });
  const next: Checkpoint = {
    ...state,
    done: state.done + 1,
    pauseMs: Math.max(state.pauseMs, answer.pauseMs),
    heldIos: state.heldIos + answer.heldIos,
    copiedBytes: state.copiedBytes + answer.copiedBytes,
  };
  const provisioning = new Map(place.disks.map((disk) => [disk.key, disk.provisioning]));
  const { layout } = answer;
  await write(context, { vmId, layout, provisioning, now: context.clock.now() }, { vm, next });
  return next;
}

async function write(
  { db, taskId, initiator }: TaskContext,
  written: LayoutToWrite,
  { vm, next }: { vm: VmRow; next: Checkpoint },
): Promise<void> {
  const { layout } = written;
  await transact(db, async (tx) => {
    const changes = await writeLayout(tx, written);
    await tx.task.update({ where: { id: taskId }, data: { checkpoint: next } });
    const ids = new Set([layout.datastoreId, ...layout.disks.map((disk) => disk.datastoreId)]);
    const stores = await tx.datastore.findMany({ where: { id: { in: [...ids] } } });
    const names = stores.map(({ name }) => name).join(', ');
    await postEvent(tx, {
      type: 'VmRelocatedEvent',
      severity: 'info',
      message: `The files of ${vm.name} on ${vm.host.name} are on ${names} now.`,
      objects: [vm.id, vm.hostId, ...ids],
      initiator,
      taskId,
    });
    await recordChanges(tx, changes);
  });
}

/** By a migration of its own, which this task waits for. */
async function moveHost(
  context: TaskContext,
  vmId: string,
  { state, hostId }: { state: Checkpoint; hostId: string },
): Promise<Checkpoint> {
  const { db, taskId, initiator } = context;
  const vm = await findVm(db, vmId);
  await context.progress(shareOf(state).from, `Moving ${vm.name} to another host`);
  const before = await db.task.findFirst({ where: { parentId: taskId, targetId: vmId } });
  if (!before) {
    const caller = systemCaller(initiator);
    const input = { vmId, hostId };
    await submit({ db, caller, operation: migrate, input, parentId: taskId });
  }
  const [child] = await waitForChildren(context);
  if (child && child.state !== 'success') throw failureOf(child.fault);
  const next = { ...state, done: state.done + 1 };
  await context.saveCheckpoint(next);
  return next;
}

function failureOf(record: unknown): Fault {
  const parsed = faultRecordSchema.safeParse(record);
  if (parsed.success) return fromFaultRecord(parsed.data);
  return new Fault('MigrationFault', 'The migration to the other host failed.');
}

function shareOf({ done, steps }: Checkpoint): { from: number; to: number } {
  return { from: (95 * done) / steps.length, to: (95 * (done + 1)) / steps.length };
}
