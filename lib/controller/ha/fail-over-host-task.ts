// Restarts the VMs of a failed host by priority, each as a task of its own: those of a lower one
// begin when those above them have ended. It ends in error when a VM stays down that should not.
import { Fault, type Reason } from '../../model/fault.ts';
import { planRestarts, type RestartPlan } from '../../rules/ha/restarts.ts';
import { recordChanges } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import type { Task } from '../database/generated/client.ts';
import { systemCaller } from '../permissions/caller.ts';
import { waitForChildren } from '../tasks/children.ts';
import { submit } from '../tasks/submit.ts';
import type { TaskContext, TaskHandler } from '../tasks/task-context.ts';
import type { FailOverHostInput } from './fail-over-host.ts';
import { readCoolingVms } from './ha-retries.ts';
import { type FailedHost, findFailedHost, readLostVms } from './ha-store.ts';
import { saveTrouble } from './ha-trouble.ts';
import { restartVm } from './restart-vm.ts';

/** Restarts of one priority that run at the same time. */
const RESTARTS_AT_ONCE = 8;

export const performFailOverHost: TaskHandler<FailOverHostInput> = async (context, input) => {
  /** VMs that another task holds, or that were refused: they are left to the next failover. */
  const refused = new Map<string, Reason[]>();
  for (;;) {
    const children = await waitForChildren(context);
    const failed = await findFailedHost(context.db, input.hostId);
    // It may have come back since it was asked for, and then keeps what it still has.
    if (!failed?.isDown) break;
    const plan = await planAround(context, failed, children, refused);
    const [next] = plan.restarts;
    if (!next) break;
    const tier = plan.restarts.filter(({ priority }) => priority === next.priority);
    const left = plan.restarts.length;
    const percent = (100 * children.length) / (children.length + left);
    await context.progress(percent, `Restarting ${left} virtual machines`);
    await startSome(context, input, tier, refused);
  }
  return summarize(context, input, refused);
};

/** Without those that were tried a short while ago. */
async function planAround(
  { db, clock }: TaskContext,
  failed: FailedHost,
  children: readonly Task[],
  refused: ReadonlyMap<string, Reason[]>,
): Promise<RestartPlan> {
  const tried = new Set([...children.map(({ targetId }) => targetId), ...refused.keys()]);
  const cooling = await readCoolingVms(db, failed.host, clock.now());
  const lost = await readLostVms(db, failed);
  const fresh = lost.filter(({ vm }) => !tried.has(vm.id) && !cooling.has(vm.id));
  return planRestarts(failed.host, fresh, failed.others);
}

async function startSome(
  { db, taskId, initiator, signal }: TaskContext,
  { hostId }: FailOverHostInput,
  tier: RestartPlan['restarts'],
  refused: Map<string, Reason[]>,
): Promise<void> {
  for (const { vmId } of tier.slice(0, RESTARTS_AT_ONCE)) {
    signal.throwIfAborted();
    try {
      const caller = systemCaller(initiator);
      const input = { vmId, fromHostId: hostId };
      await submit({ db, caller, operation: restartVm, input, parentId: taskId });
    } catch (error) {
      // What was planned is no longer so, or another task holds the VM.
      if (!(error instanceof Fault)) throw error;
      refused.set(vmId, error.reasons);
    }
  }
}

async function summarize(
  context: TaskContext,
  { hostId }: FailOverHostInput,
  refused: ReadonlyMap<string, Reason[]>,
) {
  const { db } = context;
  const children = await waitForChildren(context);
  const restarted = children.filter(({ state }) => state === 'success').length;
  const failed = await findFailedHost(db, hostId);
  if (!failed?.isDown) return { restarted, down: 0 };
  const lost = await readLostVms(db, failed);
  await saveRefusals(context, failed, refused);
  const protectedVms = lost.filter(({ priority }) => priority !== 'disabled');
  if (protectedVms.length === 0) return { restarted, down: lost.length };
  const names = protectedVms.map(({ vm }) => vm.name).join(', ');
  const message =
    `${restarted} of ${restarted + protectedVms.length} virtual machines of ` +
    `${failed.host.name} were restarted; down are ${names}.`;
  const { waiting } = planRestarts(failed.host, protectedVms, failed.others);
  const reasons = [
    { fault: 'NoCompatibleHost' as const, message, objects: [hostId] },
    ...waiting.flatMap((each) => each.reasons),
    ...[...refused.values()].flat(),
  ];
  throw new Fault('NoCompatibleHost', message, { reasons: reasons.slice(0, 64) });
}

async function saveRefusals(
  { db }: TaskContext,
  failed: FailedHost,
  refused: ReadonlyMap<string, Reason[]>,
): Promise<void> {
  await transact(db, async (tx) => {
    const changed: string[] = [];
    for (const [vmId, reasons] of refused) {
      const vm = await tx.vm.findFirst({ where: { id: vmId, hostId: failed.host.id } });
      if (vm && (await saveTrouble(tx, failed.host, { vmId, reasons }))) changed.push(vmId);
    }
    await recordChanges(
      tx,
      changed.map((object) => ({ object, path: 'ha' })),
    );
  });
}
