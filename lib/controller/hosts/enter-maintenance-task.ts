// Empties a host and puts it into maintenance mode. VMs move as child tasks, two at a time, to
// compatible hosts alone. VMs that no host can take hold the task up: they are named, until an
// admin powers them off or cancels.
import { z } from 'zod';
import { sleep } from '../../base/clock.ts';
import { Fault, type Reason } from '../../model/fault.ts';
import { requireAllowed } from '../../model/verdict.ts';
import type { MaintenanceFacts } from '../../rules/host-state.ts';
import { judgeEnterMaintenance } from '../../rules/host-state.ts';
import { type EvacuationPlan, planEvacuation } from '../../rules/maintenance.ts';
import { setMaintenanceMode } from '../../wire/agent/host-rpc.ts';
import { recordChange } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import { type EventInput, postEvent } from '../events/post-event.ts';
import { systemCaller } from '../permissions/caller.ts';
import { refreshWorlds } from '../reconciler/refresh-host.ts';
import { waitForChildren } from '../tasks/children.ts';
import { submit } from '../tasks/submit.ts';
import type { TaskContext, TaskHandler } from '../tasks/task-context.ts';
import { DRS_MIGRATION, migrate } from '../vms/migrate.ts';
import { type EnterMaintenanceInput, observeMaintenance } from './enter-maintenance.ts';
import { findHost } from './host-store.ts';

const MOVES_AT_ONCE = 2;
/** A VM whose moves failed so often is treated as one that cannot move. */
const FAILURES_MAX = 3;
const POLL_MS = 2_000;
const WAIT_SECONDS = 30 * 60;

/** VMs of which an event said that they cannot move. */
const checkpointSchema = z.object({ named: z.array(z.string()) });

export const performEnterMaintenance: TaskHandler<EnterMaintenanceInput> = async (
  context,
  input,
) => {
  const { hostId } = input;
  await begin(context, input);
  try {
    do await evacuate(context, input);
    while (!(await switchOver(context, input)));
    const host = await findHost(context.db, hostId);
    await setState(context, hostId, 'inMaintenance', {
      type: 'EnteredMaintenanceModeEvent',
      message: `${host.name} has entered maintenance mode.`,
    });
  } catch (error) {
    const { signal } = context;
    // The lease is lost, or the controller stops: another goes on with this task.
    if (signal.aborted && !(signal.reason instanceof Fault)) throw error;
    await giveUp(context, hostId);
    throw error;
  }
  return undefined;
};

async function begin(context: TaskContext, input: EnterMaintenanceInput): Promise<void> {
  // A run before this one got so far.
  if (context.checkpoint(checkpointSchema)) return;
  const facts = await observeMaintenance(context.db, input);
  requireAllowed(judgeEnterMaintenance(facts));
  await setState(context, input.hostId, 'entering', {
    type: 'EnteringMaintenanceModeEvent',
    message: `${facts.host.name} has started to enter maintenance mode.`,
    checkpoint: { named: [] },
  });
}

async function evacuate(context: TaskContext, input: EnterMaintenanceInput): Promise<void> {
  const { db, clock, signal } = context;
  const until = clock.monotonic() + (input.timeoutSeconds ?? WAIT_SECONDS) * 1000;
  const total = (await observeMaintenance(db, input)).vms.length;
  for (;;) {
    const children = await waitForChildren(context);
    const coming = await areComing(context, input);
    // What runs there is for the host to say, now.
    await refreshWorlds(context, await findHost(db, input.hostId));
    const facts = await observeMaintenance(db, input);
    const failed = failuresByVm(children);
    const plan = planAround(facts, failed);
    const left = plan.moves.length + plan.blocked.length;
    if (left === 0 && !coming) return;
    if (clock.monotonic() > until) throw timedOut(facts, plan);
    const percent = (1 - left / Math.max(total, 1)) * 90;
    await context.progress(percent, stepOf(facts, plan));
    await nameBlocked(context, facts, plan);
    const started = await startMoves(context, plan);
    if (started === 0) await sleep(clock, POLL_MS, signal);
  }
}

/** Moves to the host that were allowed before it was to be emptied, and have not ended yet. */
async function areComing({ db }: TaskContext, { hostId }: EnterMaintenanceInput): Promise<boolean> {
  const running = await db.task.count({
    where: {
      operation: migrate.key,
      state: 'running',
      input: { path: ['hostId'], equals: hostId },
    },
  });
  return running > 0;
}

/** False when a VM was powered on there meanwhile: it is to be moved before. */
async function switchOver(context: TaskContext, input: EnterMaintenanceInput): Promise<boolean> {
  const host = await findHost(context.db, input.hostId);
  await context.progress(95, `Switching ${host.name} to maintenance mode`);
  const options = { signal: context.signal, patienceMs: 20_000 };
  await context.agents.call(host, setMaintenanceMode, { enabled: true }, options);
  await refreshWorlds(context, host);
  const { moves, blocked } = planAround(await observeMaintenance(context.db, input), new Map());
  if (moves.length + blocked.length === 0) return true;
  await context.agents.call(host, setMaintenanceMode, { enabled: false }, options);
  return false;
}

/** Moves that failed often are given up: the VM blocks then, with the last failure as reason. */
function planAround(facts: MaintenanceFacts, failed: Map<string, Reason[]>): EvacuationPlan {
  const others = facts.drsEnabled ? facts.others : [];
  const { host, vms, evacuatePoweredOffVms } = facts;
  const plan = planEvacuation(host, others, vms, evacuatePoweredOffVms);
  const isGivenUp = (vmId: string) => (failed.get(vmId)?.length ?? 0) >= FAILURES_MAX;
  const givenUp = plan.moves.filter(({ vmId }) => isGivenUp(vmId));
  return {
    moves: plan.moves.filter(({ vmId }) => !isGivenUp(vmId)),
    blocked: [
      ...plan.blocked,
      ...givenUp.map(({ vmId }) => ({ vmId, reasons: (failed.get(vmId) ?? []).slice(-1) })),
    ],
  };
}

const faultSchema = z.object({ message: z.string() });

function failuresByVm(children: { targetId: string; state: string; fault: unknown }[]) {
  const failures = new Map<string, Reason[]>();
  for (const { targetId, state, fault } of children) {
    if (state !== 'error') continue;
    const parsed = faultSchema.safeParse(fault);
    const message = parsed.success ? parsed.data.message : 'The move failed.';
    const reason: Reason = { fault: 'MigrationFault', message, objects: [targetId] };
    failures.set(targetId, [...(failures.get(targetId) ?? []), reason]);
  }
  return failures;
}

/** Returns how many were started; a VM that another task holds is tried again later. */
async function startMoves(context: TaskContext, { moves }: EvacuationPlan): Promise<number> {
  const { db, taskId, initiator } = context;
  let started = 0;
  for (const { vmId, toHostId } of moves.slice(0, MOVES_AT_ONCE)) {
    context.signal.throwIfAborted();
    try {
      await submit({
        db,
        caller: systemCaller(initiator),
        operation: migrate,
        input: { vmId, hostId: toHostId },
        parentId: taskId,
        showAs: DRS_MIGRATION,
      });
      started += 1;
    } catch (error) {
      // What was planned is no longer so, or the VM is busy: the next round plans anew.
      if (!(error instanceof Fault)) throw error;
    }
  }
  return started;
}

async function nameBlocked(
  context: TaskContext,
  facts: MaintenanceFacts,
  { blocked }: EvacuationPlan,
): Promise<void> {
  const named = context.checkpoint(checkpointSchema)?.named ?? [];
  const fresh = blocked.filter(({ vmId }) => !named.includes(vmId));
  if (fresh.length === 0) return;
  await transact(context.db, async (tx) => {
    for (const { vmId, reasons } of fresh) {
      const why = [...new Set(reasons.map(({ message }) => message))].join(' ');
      await postEvent(tx, {
        type: 'NoMaintenanceModeDrsRecommendationForVM',
        severity: 'warning',
        message:
          `${nameOf(facts, vmId)} cannot leave ${facts.host.name}, ` +
          `which is entering maintenance mode: ${why}`,
        objects: [vmId, facts.host.id],
        initiator: context.initiator,
        taskId: context.taskId,
      });
    }
  });
  await context.saveCheckpoint({ named: [...named, ...fresh.map(({ vmId }) => vmId)] });
}

function stepOf(facts: MaintenanceFacts, { moves, blocked }: EvacuationPlan): string {
  if (moves.length + blocked.length === 0) return 'Waiting for moves here that had begun before';
  if (moves.length > 0) return `Moving ${nameOf(facts, moves[0]?.vmId ?? '')}`;
  const names = blocked.map(({ vmId }) => nameOf(facts, vmId)).join(', ');
  return `Waiting for ${names}: no other host can take it`;
}

function timedOut(facts: MaintenanceFacts, { blocked }: EvacuationPlan): Fault {
  const names = blocked.map(({ vmId }) => nameOf(facts, vmId)).join(', ');
  const message = `${facts.host.name} could not be emptied in time; still there: ${names}.`;
  return new Fault('Timedout', message, { reasons: blocked.flatMap(({ reasons }) => reasons) });
}

function nameOf({ vms }: MaintenanceFacts, vmId: string): string {
  return vms.find(({ id }) => id === vmId)?.name ?? vmId;
}

async function giveUp(context: TaskContext, hostId: string): Promise<void> {
  const host = await findHost(context.db, hostId);
  // It never began: what it found was not its doing.
  if (host.maintenanceState !== 'entering') return;
  await setState(context, hostId, 'normal', {
    type: 'CanceledHostOperationEvent',
    message: `${host.name} no longer enters maintenance mode.`,
  });
}

async function setState(
  { db, initiator, taskId }: TaskContext,
  hostId: string,
  maintenanceState: string,
  {
    checkpoint,
    ...event
  }: Pick<EventInput, 'type' | 'message'> & {
    checkpoint?: { named: string[] };
  },
): Promise<void> {
  await transact(db, async (tx) => {
    await tx.host.update({ where: { id: hostId }, data: { maintenanceState } });
    if (checkpoint) await tx.task.update({ where: { id: taskId }, data: { checkpoint } });
    await postEvent(tx, { ...event, severity: 'info', objects: [hostId], initiator, taskId });
    await recordChange(tx, { object: hostId, path: 'maintenanceState', value: maintenanceState });
  });
}
