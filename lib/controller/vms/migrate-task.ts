// Moves a VM. The order of a live move: the destination prepares a place, the source hands the
// running world over, the destination says whether it arrived, and only then the VM is registered
// there. Whatever dies in between, the hosts are asked where the VM runs; it runs on exactly one of
// them, because one alone holds its disks' locks.
import { z } from 'zod';
import { sleep } from '../../base/clock.ts';
import { Fault, toFaultRecord } from '../../model/fault.ts';
import { requireAllowed } from '../../model/verdict.ts';
import {
  finishIncoming,
  migrateOut,
  prepareIncoming,
  report,
  unregisterVm,
} from '../../wire/agent/host-rpc.ts';
import { callOperation } from '../agents/call-operation.ts';
import { recordChanges } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import type { Host } from '../database/generated/client.ts';
import { postEvent } from '../events/post-event.ts';
import { findHost } from '../hosts/host-store.ts';
import { refreshWorlds } from '../reconciler/refresh-host.ts';
import type { TaskContext, TaskHandler } from '../tasks/task-context.ts';
import { DRS_MIGRATION, type MigrateInput, migrate } from './migrate.ts';
import { findVm, toRunSpec, type VmRow } from './vm-store.ts';

/** How long both hosts are asked where the VM is, before the task gives up. */
const LOCATE_MS = 60_000;
const POLL_MS = 500;

const checkpointSchema = z.object({ sourceId: z.string(), live: z.boolean() });
type Checkpoint = z.infer<typeof checkpointSchema>;
interface Measured {
  [name: string]: number;
  pauseMs: number;
  heldIos: number;
  connections: number;
}
const COLD: Measured = { pauseMs: 0, heldIos: 0, connections: 0 };

export const performMigrate: TaskHandler<MigrateInput> = async (context, input) => {
  const before = context.checkpoint(checkpointSchema);
  const { sourceId, live } = before ?? (await begin(context, input));
  const source = await findHost(context.db, sourceId);
  const destination = await findHost(context.db, input.hostId);
  const vm = await findVm(context.db, input.vmId);
  const move = { vm, source, destination };
  const measured = live ? await moveLive(context, move, before !== null) : COLD;
  await register(context, move);
  if (live) await refreshWorlds(context, destination);
  await forget(context, move);
  return measured;
};

interface Move {
  vm: VmRow;
  source: Host;
  destination: Host;
}

/** Judges again, and remembers where the VM came from. */
function begin({ db, taskId }: TaskContext, input: MigrateInput): Promise<Checkpoint> {
  return transact(db, async (tx) => {
    const observed = await migrate.observe(tx, input);
    requireAllowed(migrate.judge(observed, input));
    const live = observed.vm.powerState === 'poweredOn';
    const checkpoint = { sourceId: observed.source.id, live };
    await tx.task.update({ where: { id: taskId }, data: { checkpoint } });
    return checkpoint;
  });
}

async function moveLive(context: TaskContext, move: Move, resumed: boolean): Promise<Measured> {
  const { vm, source, destination } = move;
  let measured = COLD;
  let failure: unknown = null;
  const isThere = resumed && (await locate(context, move)) === 'destination';
  try {
    // Both hosts remember what they answered: when it is there already, this asks for the numbers
    // alone.
    measured = await handOver(context, move);
  } catch (error) {
    if (context.signal.aborted) throw error;
    if (!isThere) failure = error;
  }
  await context.progress(80, `Finishing on ${destination.name}`);
  if (await hasArrived(context, move, failure)) return measured;
  const { message, reasons } = toFaultRecord(failure ?? new Error('it did not arrive'));
  throw new Fault(
    'MigrationFault',
    `${vm.name} could not be moved to ${destination.name} and runs on ${source.name}: ${message}`,
    { reasons, cause: failure },
  );
}

async function handOver(context: TaskContext, move: Move): Promise<Measured> {
  const { taskId } = context;
  const { vm, source, destination } = move;
  await context.progress(10, `Preparing ${destination.name}`);
  const prepared = { operationKey: `${taskId}:prepare`, vm: toRunSpec(vm) };
  const to = { host: destination, rpc: prepareIncoming, input: prepared };
  const ticket = await callOperation(context, to);
  await context.progress(40, `Moving ${vm.name} from ${source.name} to ${destination.name}`);
  const out = { operationKey: `${taskId}:out`, vmId: vm.id, ticket };
  const from = { host: source, rpc: migrateOut, input: out };
  const { pauseMs, heldIos, connections } = await callOperation(context, from);
  return { pauseMs, heldIos, connections };
}

/** Clears the place at the destination, or learns that the VM has arrived there. */
async function hasArrived(context: TaskContext, move: Move, failure: unknown): Promise<boolean> {
  const { taskId, signal } = context;
  const { vm, destination } = move;
  // A handover whose end nobody saw may still go on: wait until one host runs the VM for good.
  if (failure !== null && (await locate(context, move)) === 'destination') return true;
  try {
    const input = { operationKey: `${taskId}:finish`, vmId: vm.id };
    const call = { host: destination, rpc: finishIncoming, input };
    return (await callOperation(context, call)).arrived;
  } catch (error) {
    if (signal.aborted) throw error;
    return (await locate(context, move)) === 'destination';
  }
}

/** Asks both hosts until one of them runs the VM, neither coming nor going. */
async function locate(
  context: TaskContext,
  { vm, source, destination }: Move,
): Promise<'source' | 'destination' | 'unknown'> {
  const { clock, signal } = context;
  const until = clock.monotonic() + LOCATE_MS;
  for (;;) {
    const [there, here] = await Promise.all([
      isRunning(context, destination, vm.id),
      isRunning(context, source, vm.id),
    ]);
    if (there) return 'destination';
    if (here) return 'source';
    if (clock.monotonic() > until) return 'unknown';
    await sleep(clock, POLL_MS, signal);
    signal.throwIfAborted();
  }
}

async function isRunning(
  { agents, signal }: TaskContext,
  host: Host,
  vmId: string,
): Promise<boolean> {
  const query = {
    knownRevision: -1,
    knownBootId: '',
    afterEvent: host.eventCursor,
    waitMs: 0,
  };
  try {
    const found = await agents.call(host, report, query, { signal, timeoutMs: 5_000 });
    return found.worlds.some((world) => world.vmId === vmId && world.state === 'running');
  } catch {
    // A host that does not answer says nothing about the VM; the other one may.
    signal.throwIfAborted();
    return false;
  }
}

async function register(context: TaskContext, { vm, source, destination }: Move): Promise<void> {
  const { db, initiator, taskId, operation } = context;
  // A run before this one got so far.
  if (vm.hostId === destination.id) return;
  const byDrs = operation === DRS_MIGRATION.key;
  await transact(db, async (tx) => {
    // A folder is one datacenter's; in another the VM stands in none.
    const stays = source.datacenterId === destination.datacenterId;
    const data = { hostId: destination.id, ...(stays ? {} : { folderId: null }) };
    await tx.vm.update({ where: { id: vm.id }, data });
    await postEvent(tx, {
      type: byDrs ? 'DrsVmMigratedEvent' : 'VmMigratedEvent',
      severity: 'info',
      message: byDrs
        ? `DRS migrated ${vm.name} from ${source.name} to ${destination.name}.`
        : `Migration of ${vm.name} from ${source.name} to ${destination.name} completed.`,
      objects: [vm.id, source.id, destination.id],
      initiator,
      taskId,
    });
    await recordChanges(
      tx,
      [vm.id, source.id, destination.id].map((object) => ({ object, path: 'host' })),
    );
  });
}

/** The source forgets the VM. When it cannot be told now, the reconciler tells it later. */
async function forget(context: TaskContext, { vm, source }: Move): Promise<void> {
  const { agents, taskId, signal, logger } = context;
  try {
    const input = { operationKey: `${taskId}:forget`, vmId: vm.id };
    await agents.call(source, unregisterVm, input, { signal });
  } catch (error) {
    logger.info({ err: error, host: source.name }, 'the source was not told that the VM has left');
  }
}
