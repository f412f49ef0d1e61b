// Fails a VM over. Its state stands in the database before and after each step, so that another
// controller goes on where one was killed. Until the recovered VM is on, whatever fails is taken
// back; from then on undoing or committing it is for an admin to say.
import { sleep } from '../../base/clock.ts';
import { Fault, fromFaultRecord, toFaultRecord } from '../../model/fault.ts';
import { faultRecordSchema } from '../../model/task.ts';
import { requireAllowed } from '../../model/verdict.ts';
import { nextEra } from '../../rules/replication/failover.ts';
import { type Loss, lossSchema } from '../../wire/api/replication.ts';
import { transact } from '../changes/transact.ts';
import type { Recovery } from '../database/generated/client.ts';
import { postEvent } from '../events/post-event.ts';
import { systemCaller } from '../permissions/caller.ts';
import { recoverVm } from '../replication/recover-vm.ts';
import { isDatabaseAway } from '../tasks/is-database-away.ts';
import { submit } from '../tasks/submit.ts';
import type { TaskContext, TaskHandler } from '../tasks/task-context.ts';
import { raiseEras, readCopiesNow } from './copies-now.ts';
import { type FailOverInput, failOverVm, recoveryOf } from './fail-over.ts';
import { failoverStateOf, recordFailover, writeStep } from './failover-store.ts';
import { measureLag, NO_LOSS } from './measure-lag.ts';
import { measureLoss } from './measure-loss.ts';
import { stopSource } from './stop-source.ts';
import { giveLaterEra, releaseSource, removeRecovered } from './take-back.ts';

const POLL_MS = 300;

export const performFailOver: TaskHandler<FailOverInput> = async (context, input) => {
  const begun = failoverStateOf(await begin(context, input));
  if (begun !== 'failing' && begun !== 'failed') {
    try {
      await goOn(context, input);
      const { loss } = await findRow(context, input);
      return { vmId: input.vmId, loss: lossSchema.parse(loss) };
    } catch (error) {
      await noteFailure(context, input, error);
      await takeBack(context, input);
      throw error;
    }
  }
  await takeBack(context, input);
  const { trouble } = await findRow(context, input);
  throw new Fault('SystemError', trouble);
};

function findRow({ db }: TaskContext, { vmId }: FailOverInput): Promise<Recovery> {
  return db.recovery.findUniqueOrThrow({ where: { vmId } });
}

/** Judges again, enters the failover, and marks the source, so that nobody powers it on. */
function begin({ db, initiator }: TaskContext, input: FailOverInput): Promise<Recovery> {
  const { vmId, sourceId, kind } = input;
  return transact(db, async (tx) => {
    const known = await tx.recovery.findUnique({ where: { vmId } });
    if (known) return known;
    const observed = await failOverVm.observe(tx, input);
    requireAllowed(failOverVm.judge(observed, input));
    const { source, copies } = observed;
    const targetId = copies[0]?.target?.id;
    if (targetId === undefined) throw new Fault('NotFound', `${source.name} has no copy.`);
    const before = await tx.recovery.findMany({
      where: { sourceId },
      select: { vmId: true, era: true, wasOn: true },
    });
    // One that failed and could not be taken back has left the source powered off.
    const wasOn =
      source.desiredPowerState === 'poweredOn' ||
      before.some((row) => row.vmId === source.replacedById && row.wasOn);
    const eras = copies.flatMap(({ report }) => report?.era ?? []);
    // What was taken back may have given some of its disks a later era than it says.
    const given = before.flatMap((row) => (row.era === null ? [] : [row.era + 1]));
    const row = await tx.recovery.create({
      data: {
        ...{ vmId, vmName: input.name, sourceId, sourceName: source.name, targetId, kind },
        ...{ state: 'waiting', failover: 'stopping', wasOn, createdBy: initiator },
        era: nextEra([source.replicationEra, ...eras, ...given]),
        momentAt: input.at === null ? null : new Date(input.at),
        loss: { ...(await measureLag(tx, sourceId, copies)) },
      },
    });
    // What shall not run is powered off where it does, and vSphere HA leaves it. A move does it.
    const isLeft = kind === 'failover' && wasOn;
    const data = { replacedById: vmId, ...(isLeft ? { desiredPowerState: 'poweredOff' } : {}) };
    await tx.vm.update({ where: { id: sourceId }, data });
    await recordFailover(tx, row);
    return row;
  });
}

async function goOn(context: TaskContext, input: FailOverInput): Promise<void> {
  const { db } = context;
  const { vmId } = input;
  if (failoverStateOf(await findRow(context, input)) === 'stopping') {
    if (input.kind === 'move') await stopSource(context, await failOverVm.observe(db, input));
    const done = { vmId, from: 'stopping', step: 'stopped' } as const;
    await transact(db, (tx) => writeStep(tx, done));
  }
  if (failoverStateOf(await findRow(context, input)) === 'fencing') await fence(context, input);
  await recover(context, input);
}

/** The new era, durably at every target; and then what is lost can be said. */
async function fence(context: TaskContext, input: FailOverInput): Promise<void> {
  const { source, copies } = await failOverVm.observe(context.db, input);
  await context.progress(20, 'Beginning a new era at the target');
  const { era } = await findRow(context, input);
  if (era === null) throw new Fault('SystemError', 'The failover has no era.');
  await raiseEras(context, await readCopiesNow(context, source, copies), era);
  const loss: Loss = input.kind === 'move' ? NO_LOSS : await lossOf(context, input);
  const done = { vmId: input.vmId, from: 'fencing', step: 'fenced' } as const;
  await transact(context.db, (tx) => writeStep(tx, done, { loss: { ...loss } }));
}

/** No failover fails for want of a number: what was measured before is said then. */
async function lossOf(context: TaskContext, input: FailOverInput): Promise<Loss> {
  const { source, copies } = await failOverVm.observe(context.db, input);
  try {
    const now = await readCopiesNow(context, source, copies);
    return await measureLoss(context, { vmId: source.id, at: input.at, copies }, now);
  } catch (error) {
    if (!(error instanceof Fault) || isDatabaseAway(error)) throw error;
    return measureLag(context.db, source.id, copies);
  }
}

/** Waits until the recovered VM is on; its disks are copied by a task that goes on after this. */
async function recover(context: TaskContext, input: FailOverInput): Promise<void> {
  const { db, taskId, initiator, clock, signal } = context;
  const where = { parentId: taskId, operation: recoverVm.key, targetId: input.vmId };
  await context.progress(40, `Recovering ${input.name}`);
  if (!(await db.task.findFirst({ where }))) {
    const caller = systemCaller(initiator);
    const parts = { operation: recoverVm, input: recoveryOf(input), parentId: taskId };
    await submit({ db, caller, ...parts });
  }
  for (;;) {
    const child = await db.task.findFirst({ where });
    if ((await findRow(context, input)).failover === 'standing') return announce(context, input);
    if (child?.completedAt) {
      const fault = faultRecordSchema.safeParse(child.fault);
      if (fault.success) throw fromFaultRecord(fault.data);
      throw new Fault('SystemError', `${input.name} was not powered on.`);
    }
    if (signal.aborted && !(signal.reason instanceof Fault)) signal.throwIfAborted();
    await sleep(clock, POLL_MS);
  }
}

async function announce(context: TaskContext, input: FailOverInput): Promise<void> {
  const { initiator, taskId } = context;
  const { sourceName, vmName } = await findRow(context, input);
  const how = input.kind === 'move' ? 'moved by plan' : 'failed over';
  await transact(context.db, (tx) =>
    postEvent(tx, {
      ...{ type: 'VmFailedOverEvent', severity: 'warning', initiator, taskId },
      message: `${sourceName} was ${how}: ${vmName} stands in for it.`,
      objects: [input.vmId, input.sourceId],
    }),
  );
}

/**
 * From here on it is taken back and never goes forward again, whoever is killed. Throws the error
 * where another runner shall go on, or where the recovered VM stays.
 */
async function noteFailure(
  context: TaskContext,
  input: FailOverInput,
  error: unknown,
): Promise<void> {
  const { aborted, reason } = context.signal;
  if (isDatabaseAway(error) || (aborted && !(reason instanceof Fault))) throw error;
  const state = failoverStateOf(await findRow(context, input));
  if (state !== 'stopping' && state !== 'fencing' && state !== 'recovering') throw error;
  context.logger.info({ err: error }, 'a failover is taken back');
  // An era that was not begun needs no later one.
  const data = {
    trouble: toFaultRecord(error).message,
    ...(state === 'stopping' ? { era: null } : {}),
  };
  await transact(context.db, (tx) =>
    writeStep(tx, { vmId: input.vmId, from: state, step: 'fail' }, data),
  );
}

/** Everything as before, as far as it can be: what is left is for an admin to undo. */
async function takeBack(context: TaskContext, input: FailOverInput): Promise<void> {
  const row = await findRow(context, input);
  if (failoverStateOf(row) !== 'failing') return;
  const era = row.era === null ? null : row.era + 1;
  const left = await tryToTakeBack(context, row, era);
  const { vmId, sourceId } = input;
  await transact(context.db, async (tx) => {
    if (left === null) await releaseSource(tx, row, { era, isOn: row.wasOn });
    const trouble =
      left === null ? row.trouble : `${row.trouble} It could not be taken back: ${left}`;
    const data = { state: 'failed', trouble, endedAt: new Date(context.clock.now()) };
    await writeStep(tx, { vmId, from: 'failing', step: 'takenBack' }, data);
    await postEvent(tx, {
      ...{ type: 'VmFailoverFailedEvent', severity: 'error', objects: [sourceId] },
      message: `The failover of ${row.sourceName} has failed. ${trouble}`,
      ...{ initiator: context.initiator, taskId: context.taskId },
    });
  });
}

/** Null when it was done; else what was in the way. */
async function tryToTakeBack(
  context: TaskContext,
  row: Recovery,
  era: number | null,
): Promise<string | null> {
  try {
    await removeRecovered(context, row);
    if (era !== null) await giveLaterEra(context, row, era);
    return null;
  } catch (thrown) {
    if (!(thrown instanceof Fault) || isDatabaseAway(thrown)) throw thrown;
    return thrown.message;
  }
}
