// The short tasks on a host: exit maintenance mode, disconnect, reconnect.
import { sleep } from '../../base/clock.ts';
import { Fault } from '../../model/fault.ts';
import { setMaintenanceMode } from '../../wire/agent/host-rpc.ts';
import { recordChange } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import type { Host, Prisma } from '../database/generated/client.ts';
import { postEvent } from '../events/post-event.ts';
import type { TaskContext, TaskHandler } from '../tasks/task-context.ts';
import type { HostInput } from './enter-maintenance.ts';
import { findHost } from './host-store.ts';

const CONNECT_WAIT_MS = 30_000;
const POLL_MS = 250;

/** What is wanted first: when the host cannot be told now, the reconciler tells it. */
export const performExitMaintenance: TaskHandler<HostInput> = async (context, { hostId }) => {
  const host = await update(context, hostId, {
    data: { maintenanceState: 'normal' },
    path: 'maintenanceState',
    type: 'ExitMaintenanceModeEvent',
    message: (name) => `${name} has exited maintenance mode.`,
  });
  const options = { signal: context.signal, patienceMs: 20_000 };
  await context.agents.call(host, setMaintenanceMode, { enabled: false }, options);
  return undefined;
};

/** The host and its VMs run on; nobody follows them. */
export const performDisconnectHost: TaskHandler<HostInput> = async (context, { hostId }) => {
  await update(context, hostId, {
    data: {
      connectionState: 'disconnected',
      connectionReason: `${context.initiator} disconnected it.`,
    },
    path: 'connectionState',
    type: 'HostDisconnectedEvent',
    message: (name) => `${name} was disconnected.`,
  });
  return undefined;
};

/** The reconciler does the connecting; this waits for it. */
export const performReconnectHost: TaskHandler<HostInput> = async (context, { hostId }) => {
  const { db, clock, signal } = context;
  const { connectionState } = await findHost(db, hostId);
  if (connectionState === 'disconnected') {
    const data = { connectionState: 'notResponding', connectionReason: 'Connecting.' };
    await transact(db, async (tx) => {
      await tx.host.update({ where: { id: hostId }, data });
      await recordChange(tx, { object: hostId, path: 'connectionState' });
    });
  }
  const until = clock.monotonic() + CONNECT_WAIT_MS;
  for (;;) {
    const host = await findHost(db, hostId);
    if (host.connectionState === 'connected') return undefined;
    if (clock.monotonic() > until) {
      throw new Fault(
        'HostNotReachable',
        `${host.name} is not responding: ${host.connectionReason}`,
      );
    }
    await sleep(clock, POLL_MS, signal);
    signal.throwIfAborted();
  }
};

async function update(
  { db, initiator, taskId }: TaskContext,
  hostId: string,
  change: {
    data: Prisma.HostUpdateInput;
    path: string;
    type: string;
    message: (hostName: string) => string;
  },
): Promise<Host> {
  return transact(db, async (tx) => {
    const host = await tx.host.update({ where: { id: hostId }, data: change.data });
    await postEvent(tx, {
      type: change.type,
      severity: 'info',
      message: change.message(host.name),
      objects: [hostId],
      initiator,
      taskId,
    });
    await recordChange(tx, { object: hostId, path: change.path });
    return host;
  });
}
