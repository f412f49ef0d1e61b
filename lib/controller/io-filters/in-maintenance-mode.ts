// Does something to a host while it is in maintenance mode: empties it before, by a task of its own
// that shows, and takes it out again, whatever came of it. A host that was in maintenance mode
// before stays there.
import { sleep } from '../../base/clock.ts';
import { Fault, fromFaultRecord, toFaultRecord } from '../../model/fault.ts';
import { faultRecordSchema } from '../../model/task.ts';
import { judgeEnterMaintenance } from '../../rules/host-state.ts';
import type { Host, Task } from '../database/generated/client.ts';
import { enterMaintenance, observeMaintenance } from '../hosts/enter-maintenance.ts';
import { findHost } from '../hosts/host-store.ts';
import { performExitMaintenance } from '../hosts/host-tasks.ts';
import { systemCaller } from '../permissions/caller.ts';
import { submit } from '../tasks/submit.ts';
import type { TaskContext } from '../tasks/task-context.ts';

const POLL_MS = 300;
/** A canceled task waits so long for a host that is being emptied. */
const LEAVE_MAX_MS = 60_000;
/** What cannot leave a host by then fails it, in seconds. */
const EVACUATION_MAX_SECONDS = 600;

export interface HostToEmpty {
  hostId: string;
  /** No other host is being emptied: what cannot leave now never will. */
  isAlone: boolean;
}

/**
 * Throws `InvalidState` with every VM's reasons when the host cannot be emptied, or what the work
 * throws.
 */
export async function inMaintenanceMode<T>(
  context: TaskContext,
  which: HostToEmpty,
  work: () => Promise<T>,
): Promise<T> {
  const { signal } = context;
  try {
    await enter(context, which);
    return await work();
  } finally {
    // A lost lease or a stopping controller: another goes on with this task.
    if (!signal.aborted || signal.reason instanceof Fault)
      await leaveMaintenanceMode(context, which.hostId);
  }
}

async function enter(context: TaskContext, { hostId, isAlone }: HostToEmpty): Promise<void> {
  const host = await findHost(context.db, hostId);
  const before = await findOwn(context, hostId);
  if (!before && host.maintenanceState === 'inMaintenance') return;
  const isUnderWay = before && (!before.completedAt || host.maintenanceState === 'inMaintenance');
  const taskId = isUnderWay ? before.id : await start(context, host, isAlone);
  const { state, fault } = await waitFor(context, taskId);
  if (state === 'success') return;
  const record = faultRecordSchema.safeParse(fault);
  throw cannotEnter(host, record.success ? fromFaultRecord(record.data) : null);
}

/** The task of a run before this one, which may have ended meanwhile. */
function findOwn({ db, taskId }: TaskContext, hostId: string): Promise<Task | null> {
  return db.task.findFirst({
    where: { parentId: taskId, targetId: hostId, operation: enterMaintenance.key },
    orderBy: { queuedAt: 'desc' },
  });
}

async function start(context: TaskContext, host: Host, isAlone: boolean): Promise<string> {
  const { db, taskId, initiator } = context;
  const { warnings } = judgeEnterMaintenance(await observeMaintenance(db, { hostId: host.id }));
  const [first] = warnings;
  if (first && isAlone) {
    throw cannotEnter(host, new Fault(first.fault, first.message, { reasons: warnings }));
  }
  try {
    return await submit({
      ...{ db, operation: enterMaintenance, parentId: taskId },
      caller: systemCaller(initiator),
      input: { hostId: host.id, timeoutSeconds: EVACUATION_MAX_SECONDS },
    });
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    throw cannotEnter(host, error);
  }
}

/** VibCannotPutHostInMaintenanceMode. */
function cannotEnter({ id, name }: Host, cause: Fault | null): Fault {
  const reasons = (cause?.reasons ?? []).map((reason) => ({
    ...reason,
    objects: [...new Set([id, ...(reason.objects ?? [])])],
  }));
  const message = `${name} cannot be put into maintenance mode.`;
  const headline = { fault: 'InvalidState' as const, message, objects: [id] };
  return new Fault('InvalidState', [message, cause?.message ?? ''].join(' ').trim(), {
    reasons: [headline, ...reasons],
    cause,
  });
}

async function waitFor(
  { db, clock, signal }: TaskContext,
  taskId: string,
  maxMs = Number.POSITIVE_INFINITY,
): Promise<Task> {
  const until = clock.monotonic() + maxMs;
  for (;;) {
    signal.throwIfAborted();
    const task = await db.task.findUniqueOrThrow({ where: { id: taskId } });
    if (task.completedAt || clock.monotonic() > until) return task;
    await sleep(clock, POLL_MS, signal);
  }
}

/** Takes the host out if this task has put it in, also when the task is canceled. */
export async function leaveMaintenanceMode(context: TaskContext, hostId: string): Promise<void> {
  const own = await findOwn(context, hostId);
  if (!own) return;
  const unhurried = { ...context, signal: new AbortController().signal };
  await waitFor(unhurried, own.id, LEAVE_MAX_MS);
  const { name, maintenanceState } = await findHost(context.db, hostId);
  if (maintenanceState !== 'inMaintenance') return;
  try {
    await performExitMaintenance(unhurried, { hostId });
  } catch (error) {
    // It is wanted out of maintenance mode now: the reconciler tells it when it answers again.
    context.logger.info({ host: name, fault: toFaultRecord(error) }, 'a host was not told');
  }
}
