// Takes the filters of a host's cluster off the host, but for those that it keeps.

import { removeVib } from '../../wire/agent/host-rpc.ts';
import { callOperation } from '../agents/call-operation.ts';
import type { Host } from '../database/generated/client.ts';
import type { TaskContext } from '../tasks/task-context.ts';

/** `keeps`: the cluster that the host goes to, whose filters stay on it; null for none. */
export async function leaveFilters(
  context: TaskContext,
  host: Host,
  keeps: string | null,
): Promise<void> {
  const { db, taskId } = context;
  if (host.clusterId === null) return;
  const keyOf = ({ vendor, name }: { vendor: string; name: string }) => `${vendor} ${name}`;
  const leaves = await db.clusterFilter.findMany({ where: { clusterId: host.clusterId } });
  const kept = keeps ? await db.clusterFilter.findMany({ where: { clusterId: keeps } }) : [];
  const stays = new Set(kept.map(keyOf));
  const goes = new Set(leaves.map(keyOf).filter((key) => !stays.has(key)));
  const vibs = await db.hostVib.findMany({ where: { hostId: host.id, filterName: { not: null } } });
  for (const { vibId, vendor, filterName } of vibs) {
    if (!goes.has(keyOf({ vendor, name: filterName ?? '' }))) continue;
    await context.progress(10, `Removing ${filterName} from ${host.name}`);
    const input = { operationKey: `${taskId}:remove:${vibId}`, vibId };
    await callOperation(context, { host, rpc: removeVib, input });
  }
}
