// Clones a VM. One that is on is copied from a snapshot, which is taken for it and removed after,
// in the same task. The clone is in the inventory only when its files are complete.
import { z } from 'zod';
import type { Json } from '../../base/json.ts';
import { randomUuid } from '../../base/random.ts';
import { Fault } from '../../model/fault.ts';
import { requireAllowed } from '../../model/verdict.ts';
import {
  cloneVm as cloneVmRpc,
  createSnapshot,
  destroyVm,
  removeSnapshot,
  type VmLayout,
} from '../../wire/agent/disk-rpc.ts';
import { callOperation } from '../agents/call-operation.ts';
import { recordChanges } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import { allocateId } from '../inventory/allocate-id.ts';
import { markLayoutUnknown, showProgress } from '../layouts/change-layout.ts';
import { writeLayout } from '../layouts/write-layout.ts';
import { systemCaller } from '../permissions/caller.ts';
import { submit } from '../tasks/submit.ts';
import type { TaskContext, TaskHandler } from '../tasks/task-context.ts';
import { powerOn } from '../vms/power-on.ts';
import { findVm, findVmFacts, toRunSpec } from '../vms/vm-store.ts';
import { type CloneInput, cloneVm } from './clone-vm.ts';
import { freeFolder } from './free-folder.ts';
import { cloneSpec, registerClone } from './register-clone.ts';

const checkpointSchema = z.object({
  /** Id and UUID of the clone. */
  vmId: z.string(),
  uuid: z.string(),
  /** Of its files; a task that an earlier version began has none. */
  folder: z.string().optional(),
  /** The source is on: a snapshot is taken to copy from. */
  temporary: z.boolean(),
  snapshotId: z.number().int().nullable(),
  registered: z.json().nullable(),
});
type Checkpoint = z.infer<typeof checkpointSchema>;

export const performClone: TaskHandler<CloneInput> = async (context, input) => {
  let state = context.checkpoint(checkpointSchema) ?? (await begin(context, input));
  if (state.registered === null) {
    if (state.temporary && state.snapshotId === null) {
      state = await takeSnapshot(context, input, state);
    }
    const result = await copyAndRegister(context, input, state);
    state = { ...state, registered: result };
  }
  if (state.temporary) await dropSnapshot(context, input, state);
  if (input.powerOn) await startOnce(context, state.vmId);
  return state.registered ?? {};
};

/** Judges again, and draws the clone's identity. */
function begin({ db, taskId, random }: TaskContext, input: CloneInput): Promise<Checkpoint> {
  return transact(db, async (tx) => {
    const observed = await cloneVm.observe(tx, input);
    requireAllowed(cloneVm.judge(observed, input));
    const isOn = observed.vm.powerState === 'poweredOn';
    const checkpoint: Checkpoint = {
      vmId: await allocateId(tx, 'vm'),
      uuid: randomUuid(random),
      folder: await freeFolder(tx, input.name),
      temporary: isOn && input.snapshotId === null,
      snapshotId: input.snapshotId,
      registered: null,
    };
    if (checkpoint.temporary) await markLayoutUnknown(tx, input.vmId);
    await tx.task.update({ where: { id: taskId }, data: { checkpoint } });
    return checkpoint;
  });
}

async function takeSnapshot(
  context: TaskContext,
  input: CloneInput,
  state: Checkpoint,
): Promise<Checkpoint> {
  const source = await findVm(context.db, input.vmId);
  await context.progress(2, `Taking a snapshot of ${source.name}`);
  const { layout, snapshotId } = await callOperation(context, {
    host: source.host,
    rpc: createSnapshot,
    input: {
      ...{ operationKey: `${context.taskId}:createSnapshot`, vm: toRunSpec(source) },
      ...{ name: `Clone to ${input.name}`, description: '', quiesce: false },
    },
  });
  return writeSource(context, input.vmId, layout, { ...state, snapshotId });
}

/** When the copy fails or is cancelled, the source is left as it was found. */
async function copyAndRegister(
  context: TaskContext,
  input: CloneInput,
  state: Checkpoint,
): Promise<Json> {
  try {
    const layout = await copy(context, input, state);
    return await register(context, input, { state, layout });
  } catch (error) {
    // Another runner goes on with the copy when this one was only told to let go.
    const { aborted, reason } = context.signal;
    if (aborted && !(reason instanceof Fault)) throw error;
    if (state.temporary) await dropSnapshot(context, input, state);
    throw error;
  }
}

async function copy(
  context: TaskContext,
  input: CloneInput,
  state: Checkpoint,
): Promise<{ layout: VmLayout; copiedBytes: number }> {
  const source = await findVm(context.db, input.vmId);
  const { snapshots } = await findVmFacts(context.db, input.vmId);
  const snapshot = snapshots.find(({ id }) => id === state.snapshotId) ?? null;
  const [first] = source.disks;
  const provisioning = first ? cloneVmRpc.input.shape.provisioning.parse(first.provisioning) : null;
  const step = `Copying ${source.name}`;
  return callOperation(context, {
    host: source.host,
    rpc: cloneVmRpc,
    input: {
      operationKey: `${context.taskId}:clone`,
      source: toRunSpec(source),
      snapshotId: state.snapshotId,
      target: cloneSpec(source, snapshot, { ...input, ...state }),
      linked: input.linked,
      provisioning: input.provisioning ?? provisioning ?? 'thin',
    },
    cancelable: true,
    onProgress: showProgress(context, 5, 90, step),
  });
}

/** Files that could not be entered are taken away again: nobody would know of them. */
async function register(
  context: TaskContext,
  input: CloneInput,
  { state, layout }: { state: Checkpoint; layout: { layout: VmLayout; copiedBytes: number } },
): Promise<Json> {
  try {
    return await transact(context.db, async (tx) => {
      const clone = { ...input, ...state, ...layout };
      const result = await registerClone(tx, context, clone);
      const checkpoint = { ...state, registered: result };
      await tx.task.update({ where: { id: context.taskId }, data: { checkpoint } });
      await recordChanges(tx, [
        { object: state.vmId, path: 'created' },
        // The snapshot that it builds on shows it, and may no longer be deleted.
        ...(input.linked ? [{ object: input.vmId, path: 'linkedClones' }] : []),
      ]);
      return result;
    });
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const source = await findVm(context.db, input.vmId);
    const target = cloneSpec(source, null, { ...input, ...state });
    const { datastoreId, vmxPath, disks } = layout.layout;
    const vm = { ...target, datastoreId, vmxPath, disks };
    const request = { operationKey: `${context.taskId}:destroy`, vm };
    await callOperation(context, { host: source.host, rpc: destroyVm, input: request });
    throw error;
  }
}

async function dropSnapshot(
  context: TaskContext,
  input: CloneInput,
  state: Checkpoint,
): Promise<void> {
  const { snapshotId } = state;
  if (snapshotId === null) return;
  const source = await findVm(context.db, input.vmId);
  await context.progress(92, `Removing the snapshot of ${source.name}`);
  const { layout } = await callOperation(context, {
    host: source.host,
    rpc: removeSnapshot,
    input: {
      ...{ operationKey: `${context.taskId}:removeSnapshot`, vm: toRunSpec(source) },
      ...{ snapshotId, removeChildren: false },
    },
    onProgress: showProgress(context, 92, 99, `Removing the snapshot of ${source.name}`),
  });
  await writeSource(context, input.vmId, layout, null);
}

/** The source's files as they are now, with how far the task is. */
async function writeSource<State extends Checkpoint | null>(
  { db, taskId, clock }: TaskContext,
  vmId: string,
  layout: VmLayout,
  checkpoint: State,
): Promise<State> {
  await transact(db, async (tx) => {
    const changes = await writeLayout(tx, { vmId, layout, now: clock.now() });
    if (checkpoint) await tx.task.update({ where: { id: taskId }, data: { checkpoint } });
    await recordChanges(tx, changes);
  });
  return checkpoint;
}

async function startOnce({ db, taskId, initiator }: TaskContext, vmId: string): Promise<void> {
  const before = await db.task.findFirst({ where: { parentId: taskId, targetId: vmId } });
  if (before) return;
  const caller = systemCaller(initiator);
  await submit({ db, caller, operation: powerOn, input: { vmId }, parentId: taskId });
}
