// Looks once more before a VM is touched: the report behind a mending may be older than the task
// that has just ended.
import { type HostReport, report } from '../../wire/agent/host-rpc.ts';
import { isUnreachable } from '../agents/agent-client.ts';
import type { Host } from '../database/generated/client.ts';
import type { TaskServices } from '../tasks/task-context.ts';
import { type Mending, planMending, type WantedHost } from './plan-mending.ts';

/** Asks the host, and the host where the VM is registered, and plans again by their answers. */
export async function isStillNeeded(
  services: Pick<TaskServices, 'db' | 'agents'>,
  { host, wanted, mending }: { host: Host; wanted: WantedHost; mending: Mending },
): Promise<boolean> {
  if (!('vmId' in mending)) return true;
  const { db } = services;
  const vm = await db.vm.findUnique({ where: { id: mending.vmId }, include: { host: true } });
  if (!vm) return false;
  const here = await askNow(services, host);
  const home = vm.hostId === host.id ? here : await askNow(services, vm.host).catch(nullIfAway);
  const world = home?.worlds.find(({ vmId }) => vmId === vm.id);
  const runsAtHome = home ? world?.powerState === 'poweredOn' : null;
  const task = await db.task.findFirst({
    where: { targetId: vm.id, state: { in: ['queued', 'running'] } },
  });
  const plan = planMending(wanted, [{ ...vm, hasTask: task !== null, runsAtHome }], here);
  return plan.some((other) => other.kind === mending.kind);
}

function askNow({ agents }: Pick<TaskServices, 'agents'>, host: Host): Promise<HostReport> {
  const query = { knownRevision: -1, knownBootId: '', afterEvent: host.eventCursor, waitMs: 0 };
  return agents.call(host, report, query, { timeoutMs: 5_000 });
}

/** Of a host that does not answer nothing is known, and planMending decides by that. */
function nullIfAway(error: unknown): null {
  if (isUnreachable(error)) return null;
  throw error;
}
