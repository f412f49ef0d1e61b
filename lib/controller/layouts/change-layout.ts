// What the handlers of most operations on a VM's disks have in common: judged again before the
// first act, one call of the host under a key of the task, and the host's answer written in one
// transaction with its event.
import { z } from 'zod';
import type { Json } from '../../base/json.ts';
import { requireAllowed } from '../../model/verdict.ts';
import type { Provisioning, VmLayout } from '../../wire/agent/disk-rpc.ts';
import type { HostOperation } from '../../wire/agent/host-rpc.ts';
import { recordChanges } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import { postEvent } from '../events/post-event.ts';
import type { ObservedTarget, Operation } from '../tasks/operation.ts';
import type { TaskContext } from '../tasks/task-context.ts';
import { findVm, type VmRow } from '../vms/vm-store.ts';
import { writeLayout } from './write-layout.ts';

const begunSchema = z.object({ begun: z.literal(true) });
const writtenSchema = z.object({ written: z.json() });

/**
 * Judges again, and remembers that this was done, unless an earlier run got so far. From here on
 * the VM's files may differ from what is written of them, until an answer of the host is written.
 */
export async function beginChange<Input extends { vmId: string }, Observed extends ObservedTarget>(
  context: TaskContext,
  operation: Operation<Input, Observed>,
  input: Input,
): Promise<void> {
  if (context.checkpoint(begunSchema) || context.checkpoint(writtenSchema)) return;
  await transact(context.db, async (tx) => {
    const observed = await operation.observe(tx, input);
    requireAllowed(operation.judge(observed, input));
    await markLayoutUnknown(tx, input.vmId);
    const data = { checkpoint: { begun: true } };
    await tx.task.update({ where: { id: context.taskId }, data });
  });
}

/** Asks for the layout to be read again, should the task not come to write it. */
export async function markLayoutUnknown(tx: DatabaseTransaction, vmId: string): Promise<void> {
  await tx.vm.updateMany({ where: { id: vmId }, data: { layoutReadAt: null } });
}

/** What the host answered, and what the task says of it. */
export interface Changed {
  layout: VmLayout;
  /** By disk key, of disks whose provisioning was asked for. */
  provisioning?: ReadonlyMap<number, Provisioning>;
  /** The task's result. */
  result: Json;
  /** `VmReconfiguredEvent`, with its sentence. */
  event: { type: string; message: string };
}

/** Begins, calls, writes. An earlier run that wrote its answer gives its result again. */
export async function changeLayout<Input extends { vmId: string }, Observed extends ObservedTarget>(
  context: TaskContext,
  { operation, input }: { operation: Operation<Input, Observed>; input: Input },
  call: (vm: VmRow) => Promise<Changed>,
): Promise<Json> {
  const done = context.checkpoint(writtenSchema);
  if (done) return done.written;
  await beginChange(context, operation, input);
  const vm = await findVm(context.db, input.vmId);
  const changed = await call(vm);
  await writeChanged(context, vm, changed);
  return changed.result;
}

async function writeChanged(
  { db, taskId, initiator, clock }: TaskContext,
  vm: VmRow,
  { layout, provisioning, result, event }: Changed,
): Promise<void> {
  await transact(db, async (tx) => {
    const changes = await writeLayout(tx, {
      ...{ vmId: vm.id, layout, now: clock.now() },
      ...(provisioning ? { provisioning } : {}),
    });
    await tx.task.update({ where: { id: taskId }, data: { checkpoint: { written: result } } });
    await postEvent(tx, {
      ...event,
      severity: 'info',
      objects: [vm.id, vm.hostId],
      initiator,
      taskId,
    });
    await recordChanges(tx, changes);
  });
}

type HostProgress = Pick<HostOperation, 'progress' | 'step' | 'transfer'>;

/** Shows a host's progress as the task's, between two percentages. */
export function showProgress(context: TaskContext, from: number, to: number, otherwise: string) {
  return async ({ progress, step, transfer }: HostProgress): Promise<void> => {
    const percent = from + ((to - from) * progress) / 100;
    await context.progress(percent, step || otherwise, transfer);
  };
}
