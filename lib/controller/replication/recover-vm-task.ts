// Makes a VM of copies: the target serves the moment over NBD, the VM's disks are mappings of it
// with redo logs above, so that it is on at once. A recovery then copies the disks to the datastore
// while the VM works; a test stays as it is until it is ended.
import { z } from 'zod';
import { randomUuid } from '../../base/random.ts';
import { Fault } from '../../model/fault.ts';
import { requireAllowed } from '../../model/verdict.ts';
import { recordChanges } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import { deleteVm } from '../clones/delete-vm.ts';
import { postEvent } from '../events/post-event.ts';
import { createSnapshot } from '../snapshots/create-snapshot.ts';
import { removeAllSnapshots } from '../snapshots/remove-snapshot.ts';
import type { TaskContext, TaskHandler } from '../tasks/task-context.ts';
import { powerOff } from '../vms/power-off.ts';
import { powerOn } from '../vms/power-on.ts';
import { findVm } from '../vms/vm-store.ts';
import { attachMoments, bringHome, makeHome } from './make-recovered-vm.ts';
import { type RecoverInput, recoverVm } from './recover-vm.ts';
import { runChild } from './run-child.ts';
import { type Moment, momentsSchema, serveMoments, stopMoments } from './serve-moments.ts';

const checkpointSchema = z.object({
  uuid: z.string(),
  moments: momentsSchema,
  /** The mappings are made. */
  attached: z.boolean(),
  /** The VM was on. */
  ready: z.boolean(),
  /** All its disks are on the datastore. */
  copied: z.boolean(),
});
type Checkpoint = z.infer<typeof checkpointSchema>;

export const performRecover: TaskHandler<RecoverInput> = async (context, input) => {
  let state = context.checkpoint(checkpointSchema) ?? (await begin(context, input));
  if (!state.ready) state = await makeReady(context, input, state);
  const { vmId } = input;
  if (input.kind === 'recover') {
    if (!state.copied) state = await copyHome(context, input, state);
    await stopMoments(context, state.moments);
    await context.progress(95, 'Merging what was written meanwhile');
    await runChild(context, removeAllSnapshots, { vmId });
    await finish(context, input, 'completed');
  }
  return { vmId, moments: state.moments.map(({ diskKey, timeUs }) => ({ diskKey, timeUs })) };
};

/** Judges again, and enters the VM, which has no disk yet. */
function begin({ db, taskId, random, clock, initiator }: TaskContext, input: RecoverInput) {
  return transact(db, async (tx): Promise<Checkpoint> => {
    const observed = await recoverVm.observe(tx, input);
    requireAllowed(recoverVm.judge(observed, input));
    const { source, copies } = observed;
    const [first] = copies;
    if (!first?.target) throw new Fault('NotFound', `${source.name} has no copy.`);
    const { vmId, name, hostId, datastoreId } = input;
    const uuid = randomUuid(random);
    const { cpuCount, memoryMib, guestFullName } = source;
    await tx.vm.create({
      data: {
        ...{ id: vmId, name, instanceUuid: uuid, hostId, datastoreId },
        ...{ cpuCount, memoryMib, guestFullName, vmxPath: `${name}/${name}.vmx` },
        ...{ desiredPowerState: 'poweredOff', layoutReadAt: new Date(clock.now()) },
      },
    });
    await tx.recovery.upsert({
      where: { vmId },
      create: {
        ...{ vmId, vmName: name, sourceId: source.id, sourceName: source.name },
        ...{ targetId: first.target.id, kind: input.kind, state: 'preparing' },
        ...{ momentAt: input.at === null ? null : new Date(input.at), createdBy: initiator },
      },
      // A failover has entered it already.
      update: { state: 'preparing' },
    });
    const checkpoint = { uuid, moments: [], attached: false, ready: false, copied: false };
    await tx.task.update({ where: { id: taskId }, data: { checkpoint } });
    await recordChanges(tx, [
      { object: vmId, path: 'created' },
      { object: source.id, path: 'recoveries' },
    ]);
    return checkpoint;
  });
}

/** A VM that cannot be made on is taken away again. */
async function makeReady(
  context: TaskContext,
  input: RecoverInput,
  begun: Checkpoint,
): Promise<Checkpoint> {
  let state = begun;
  const { vmId } = input;
  try {
    if (!state.attached) {
      await context.progress(5, 'Asking the replication target for the moment');
      const moments = await serveMoments(context, input, state.moments);
      state = await save(context, { ...state, moments });
      await context.progress(10, `Creating ${input.name}`);
      await makeHome(context, vmId);
      await attachMoments(context, vmId, moments);
      state = await save(context, { ...state, attached: true });
    }
    await runChild(context, createSnapshot, {
      ...{ vmId, name: 'Recovery', quiesce: false },
      description: 'Below it stands the moment at the replication target.',
    });
    await context.progress(20, `Powering on ${input.name}`);
    await runChild(context, powerOn, { vmId });
  } catch (error) {
    await giveUp(context, input, { moments: state.moments, error });
    throw error;
  }
  // It is on: from here on it stays, whatever happens.
  await tellReady(context, input, state.moments);
  return save(context, { ...state, ready: true });
}

async function save(context: TaskContext, state: Checkpoint): Promise<Checkpoint> {
  await context.saveCheckpoint(state);
  return state;
}

async function giveUp(
  context: TaskContext,
  input: RecoverInput,
  { moments, error }: { moments: readonly Moment[]; error: unknown },
): Promise<void> {
  const { aborted, reason } = context.signal;
  // Another runner goes on when this one was only told to let go.
  if (aborted && !(reason instanceof Fault)) return;
  context.logger.info({ err: error }, 'a recovery is taken back');
  const { vmId } = input;
  // The order to power it on may have been carried out, although its answer was lost.
  // A run before this one may have deleted it already.
  const vm = await context.db.vm.findUnique({ where: { id: vmId } });
  if (vm && vm.powerState !== 'poweredOff') await runChild(context, powerOff, { vmId });
  await stopMoments(context, moments);
  await finish(context, input, 'failed');
  await runChild(context, deleteVm, { vmId });
}

async function tellReady(
  { db, clock, initiator, taskId }: TaskContext,
  { vmId, kind, name }: RecoverInput,
  moments: readonly Moment[],
): Promise<void> {
  await transact(db, async (tx) => {
    const known = await tx.recovery.findUniqueOrThrow({ where: { vmId } });
    if (known.readyAt !== null) return;
    const data = {
      ...{ readyAt: new Date(clock.now()), state: kind === 'test' ? 'serving' : 'copying' },
      // It stands in for its source from here on.
      ...(known.failover === 'recovering' ? { failover: 'standing' } : {}),
    };
    const recovery = await tx.recovery.update({ where: { vmId }, data });
    const { hostId } = await findVm(tx, vmId);
    const when = moments.map(({ timeUs }) => new Date(timeUs / 1000).toISOString()).sort()[0];
    const what = kind === 'test' ? 'A test of a failover of' : 'Recovered';
    await postEvent(tx, {
      type: kind === 'test' ? 'TestFailoverStartedEvent' : 'VmRecoveredEvent',
      severity: 'info',
      message: `${what} ${recovery.sourceName} as ${name}, as it was at ${when ?? 'the end'}.`,
      objects: [vmId, recovery.sourceId, hostId],
      initiator,
      taskId,
    });
    await recordChanges(tx, [
      { object: vmId, path: 'recoveries' },
      { object: recovery.sourceId, path: 'recoveries' },
    ]);
  });
}

/** The disks onto the datastore. When that fails the VM works on, and reads from the target. */
async function copyHome(
  context: TaskContext,
  { vmId, name }: RecoverInput,
  state: Checkpoint,
): Promise<Checkpoint> {
  try {
    await bringHome(context, vmId);
    return await save(context, { ...state, copied: true });
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const remedy =
      `${name} works, and reads from the replication target. Move its storage to a datastore, ` +
      'then remove its snapshot; or delete it.';
    const reasons = [{ fault: error.fault, message: error.message, remedy, objects: [vmId] }];
    throw new Fault(error.fault, error.message, { reasons, cause: error });
  }
}

async function finish(
  { db, clock }: TaskContext,
  { vmId }: RecoverInput,
  state: string,
): Promise<void> {
  await transact(db, async (tx) => {
    const data = { endedAt: new Date(clock.now()), state };
    const recovery = await tx.recovery.update({ where: { vmId }, data });
    await recordChanges(tx, [
      { object: vmId, path: 'recoveries' },
      { object: recovery.sourceId, path: 'recoveries' },
    ]);
  });
}
