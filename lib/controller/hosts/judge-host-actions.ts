// What the caller may do with a host now: the verdicts behind the buttons of its page.
import type { FaultName, Reason } from '../../model/fault.ts';
import type { Verdict } from '../../model/verdict.ts';
import type { HostSummary } from '../../wire/api/inventory.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import type { Caller } from '../permissions/caller.ts';
import { judgeActions } from '../permissions/judge-actions.ts';
import { readRunningTaskReasons } from '../tasks/running-tasks.ts';

/** enterMaintenance, exitMaintenance, disconnect, connect, installFilter. */
export async function judgeHostActions(
  db: DatabaseTransaction,
  caller: Caller,
  host: Pick<
    HostSummary,
    'id' | 'name' | 'cluster' | 'connectionState' | 'connectionReason' | 'maintenanceState'
  >,
): Promise<Record<string, Verdict>> {
  const { id, name, cluster, connectionState, maintenanceState } = host;
  const running = (await readRunningTaskReasons(db, [id])).get(id);
  const busy = running ? [running] : [];
  const maintenance = [{ privilege: 'Host.Config.Maintenance', objectId: id }] as const;
  const connection = [{ privilege: 'Host.Config.Connection', objectId: id }] as const;
  const refuse = (fault: FaultName, message: string, remedy?: string): Reason => ({
    ...{ fault, message, objects: [id] },
    ...(remedy === undefined ? {} : { remedy }),
  });
  const notConnected =
    connectionState === 'connected'
      ? []
      : [refuse('HostNotConnected', `${name} is not connected.`, `Reconnect ${name}.`)];
  const inMaintenance =
    maintenanceState === 'normal'
      ? []
      : [refuse('InvalidState', `${name} is in, or entering, maintenance mode already.`)];
  const notInMaintenance =
    maintenanceState === 'normal'
      ? [refuse('InvalidState', `${name} is not in maintenance mode.`)]
      : [];
  const disconnected =
    connectionState === 'disconnected'
      ? [refuse('InvalidState', `${name} is disconnected already.`)]
      : [];
  const connected =
    connectionState === 'disconnected'
      ? []
      : [refuse('InvalidState', `${name} is not disconnected.`)];
  return judgeActions(db, caller, {
    enterMaintenance: {
      wanted: maintenance,
      reasons: [...notConnected, ...inMaintenance, ...busy],
    },
    exitMaintenance: { wanted: maintenance, reasons: [...notConnected, ...notInMaintenance] },
    disconnect: { wanted: connection, reasons: [...disconnected, ...busy] },
    connect: { wanted: connection, reasons: [...connected, ...busy] },
    installFilter: {
      wanted: [{ privilege: 'Host.Config.Patch', objectId: id }],
      reasons: [installRefusal(name, cluster)],
    },
  });
}

/** Filters go on clusters only, never on chosen hosts. */
function installRefusal(name: string, cluster: HostSummary['cluster']): Reason {
  if (cluster) {
    return {
      fault: 'InvalidArgument',
      message: `I/O filters are installed on all hosts of a cluster, not on ${name} alone.`,
      remedy: `Install the filter on ${cluster.name}.`,
      objects: [cluster.id],
    };
  }
  return {
    fault: 'InvalidArgument',
    message: `${name} is a standalone host; I/O filters are installed on clusters.`,
    remedy: `Move ${name} into a cluster and install the filter there.`,
  };
}
