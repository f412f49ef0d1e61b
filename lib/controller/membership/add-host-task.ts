// Adds a host: asks its agent who it is, writes it down, and waits until it is connected. The
// filters of its cluster follow by a task of their own.
import { sleep } from '../../base/clock.ts';
import { Fault } from '../../model/fault.ts';
import { requireAllowed } from '../../model/verdict.ts';
import { judgeJoining } from '../../rules/hosts/host-membership.ts';
import { report } from '../../wire/agent/host-rpc.ts';
import { registerHost } from '../inventory/register-host.ts';
import type { TaskContext, TaskHandler } from '../tasks/task-context.ts';
import { type AddHostInput, addHost } from './add-host.ts';
import { readClusterToJoin } from './observe-membership.ts';

const ASK = { knownRevision: -1, knownBootId: '', afterEvent: 0, waitMs: 0 };
const CONNECT_WAIT_MS = 30_000;
const POLL_MS = 250;

export const performAddHost: TaskHandler<AddHostInput> = async (context, input) => {
  const { db, agents, signal } = context;
  const { name, agentUrl, agentToken, datacenterId, clusterId } = input;
  const address = { id: '', name, agentUrl, agentToken };
  await context.progress(10, `Asking ${name} who it is`);
  const options = { signal, patienceMs: 5_000 };
  const { hostUuid, product } = await agents.call(address, report, ASK, options);
  const known = await db.host.findFirst({ where: { hostUuid, NOT: { name } } });
  if (known) {
    const message = `${agentUrl} is the host ${known.name}, which is in the inventory already.`;
    const reasons = [{ fault: 'AlreadyExists' as const, message, objects: [known.id] }];
    throw new Fault('AlreadyExists', message, { reasons });
  }
  const present = await db.host.findUnique({ where: { name } });
  // Nobody else adds a host of this name at this address: a run before this one did.
  const isMine = present?.agentUrl === agentUrl;
  if (!isMine) requireAllowed(addHost.judge(await addHost.observe(db, input), input));
  if (!isMine && clusterId !== null) {
    // It is in no inventory yet: the cluster is what a reason can point at.
    const host = { id: clusterId, name, version: product.version };
    requireAllowed(judgeJoining(host, await readClusterToJoin(db, clusterId)));
  }
  const place = { datacenterId, clusterId, datastoreIds: [] };
  const hostId =
    isMine && present
      ? present.id
      : await registerHost(db, { name, agentUrl, agentToken, ...place });
  await context.progress(50, `Connecting ${name}`);
  await waitUntilConnected(context, hostId);
  return { hostId };
};

async function waitUntilConnected(context: TaskContext, hostId: string): Promise<void> {
  const { db, clock, signal } = context;
  const until = clock.monotonic() + CONNECT_WAIT_MS;
  for (;;) {
    signal.throwIfAborted();
    const host = await db.host.findUniqueOrThrow({ where: { id: hostId } });
    if (host.connectionState === 'connected') return;
    if (clock.monotonic() > until) {
      throw new Fault('HostNotReachable', `${host.name} was added and does not respond yet.`);
    }
    await sleep(clock, POLL_MS, signal);
  }
}
