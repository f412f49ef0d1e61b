// Upgrades a filter on hosts, as many at a time as a wave has: each is emptied into maintenance
// mode, gets the new version in the place of the old one, and comes back. Where an older version
// never was, the filter is installed as it is on a host that has joined.
import { recordChanges } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import type { ClusterFilter, Host } from '../database/generated/client.ts';
import { postEvent } from '../events/post-event.ts';
import { writeState } from '../reconciler/apply-filter-states.ts';
import type { TaskContext } from '../tasks/task-context.ts';
import { performOnHosts, stateChanges } from './host-work.ts';
import { inMaintenanceMode, leaveMaintenanceMode } from './in-maintenance-mode.ts';
import { installOnHost, writePending } from './install-on-hosts.ts';

export interface UpgradeOnHosts {
  filter: ClusterFilter;
  hosts: Host[];
  hostsAtOnce?: number;
}

export async function upgradeOnHosts(
  context: TaskContext,
  { filter, hosts, hostsAtOnce = 1 }: UpgradeOnHosts,
): Promise<void> {
  const { filterId, name, version } = filter;
  await transact(context.db, async (tx) => {
    for (const host of hosts) await writePending(tx, host, filterId);
    await recordChanges(tx, hosts.flatMap(stateChanges));
  });
  await performOnHosts(context, {
    ...{ filterId, hosts, hostsAtOnce },
    verb: `Upgrading ${name}`,
    perform: (host) => upgradeHost(context, { filter, host, isAlone: hostsAtOnce === 1 }),
    async succeed(tx, host) {
      await writeState(tx, { hostId: host.id, filterId, state: 'installed', fault: null });
      await postEvent(tx, {
        type: 'IoFilterUpgradedEvent',
        severity: 'info',
        message: `The I/O filter ${name} on ${host.name} is ${version} now.`,
        objects: [host.id, filter.clusterId],
        initiator: context.initiator,
        taskId: context.taskId,
      });
    },
  });
}

async function upgradeHost(
  context: TaskContext,
  { filter, host, isAlone }: { filter: ClusterFilter; host: Host; isAlone: boolean },
): Promise<void> {
  const { name: filterName, vendor, vibId } = filter;
  const older = await context.db.hostVib.findFirst({
    where: { hostId: host.id, filterName, vendor, NOT: { vibId } },
  });
  if (!older) {
    await installOnHost(context, filter, host);
    // A run before this one may have ended between the new version and the way back.
    return leaveMaintenanceMode(context, host.id);
  }
  return inMaintenanceMode(context, { hostId: host.id, isAlone }, () =>
    installOnHost(context, filter, host),
  );
}
