// What the caller may do with a host now: the verdicts behind the buttons of its page.
import type { Reason } from '../../model/fault.ts';
import { type Verdict, verdictOf } from '../../model/verdict.ts';
import type { HostSummary } from '../../wire/api/inventory.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import { removeHost } from '../membership/remove-host.ts';
import type { Caller } from '../permissions/caller.ts';
import { judgeActions } from '../permissions/judge-actions.ts';
import { judgeOperation } from '../tasks/judge-operation.ts';
import { readRunningTaskReasons } from '../tasks/running-tasks.ts';
import { disconnectHost } from './disconnect-host.ts';
import { enterMaintenance } from './enter-maintenance.ts';
import { exitMaintenance } from './exit-maintenance.ts';
import { reconnectHost } from './reconnect-host.ts';

/** enterMaintenance, exitMaintenance, disconnect, connect, move, remove, installFilter. */
export async function judgeHostActions(
  db: DatabaseTransaction,
  caller: Caller,
  { id, name, cluster }: Pick<HostSummary, 'id' | 'name' | 'cluster'>,
): Promise<Record<string, Verdict>> {
  const input = { hostId: id };
  const [enter, exit, disconnect, connect, remove, others, running] = await Promise.all([
    judgeOperation({ db, caller, operation: enterMaintenance, input }),
    judgeOperation({ db, caller, operation: exitMaintenance, input }),
    judgeOperation({ db, caller, operation: disconnectHost, input }),
    judgeOperation({ db, caller, operation: reconnectHost, input }),
    judgeOperation({ db, caller, operation: removeHost, input }),
    judgeActions(db, caller, {
      move: { wanted: [{ privilege: 'Host.Inventory.MoveHost', objectId: id }] },
      installFilter: {
        wanted: [{ privilege: 'Host.Config.Patch', objectId: id }],
        reasons: [installRefusal(name, cluster)],
      },
    }),
    readRunningTaskReasons(db, [id]),
  ]);
  const busy = running.get(id);
  const unlessBusy = ({ reasons, warnings }: Verdict): Verdict =>
    verdictOf(busy ? [...reasons, busy] : reasons, warnings);
  return {
    enterMaintenance: unlessBusy(enter),
    exitMaintenance: unlessBusy(exit),
    disconnect: unlessBusy(disconnect),
    connect: unlessBusy(connect),
    remove: unlessBusy(remove),
    ...others,
    move: unlessBusy(others.move ?? verdictOf([])),
  };
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
