// Installs a cluster's filter on hosts: each downloads the VIB itself, verifies and unpacks it; its
// steps show.
import { type HostFilterState, hostFilterStateSchema } from '../../model/inventory.ts';
import { type HostOperation, installVib } from '../../wire/agent/host-rpc.ts';
import { callOperation } from '../agents/call-operation.ts';
import { recordChanges } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import type { ClusterFilter, Host } from '../database/generated/client.ts';
import { postEvent } from '../events/post-event.ts';
import { writeState } from '../reconciler/apply-filter-states.ts';
import type { TaskContext } from '../tasks/task-context.ts';
import { performOnHosts, setState, stateChanges } from './host-work.ts';
import { findDepotVib } from './install-io-filter.ts';

export async function installOnHosts(
  context: TaskContext,
  filter: ClusterFilter,
  hosts: Host[],
): Promise<void> {
  await transact(context.db, async (tx) => {
    for (const host of hosts) await writePending(tx, host, filter.filterId);
    await recordChanges(tx, hosts.flatMap(stateChanges));
  });
  await performOnHosts(context, {
    filterId: filter.filterId,
    hosts,
    verb: `Installing ${filter.name}`,
    perform: (host) => installOnHost(context, filter, host),
    async succeed(tx, host) {
      const { filterId } = filter;
      await writeState(tx, { hostId: host.id, filterId, state: 'installed', fault: null });
      await postEvent(tx, {
        type: 'IoFilterInstalledEvent',
        severity: 'info',
        message: `The I/O filter ${filter.name} ${filter.version} is installed on ${host.name}.`,
        objects: [host.id, filter.clusterId],
        initiator: context.initiator,
        taskId: context.taskId,
      });
    },
  });
}

/** A run before this one may have got further with the host: then its state stands. */
export async function writePending(
  tx: DatabaseTransaction,
  host: Host,
  filterId: string,
): Promise<void> {
  const where = { hostId_filterId: { hostId: host.id, filterId } };
  const row = await tx.hostFilterState.findUnique({ where });
  if (row && row.state !== 'failed' && row.state !== 'removing') return;
  await writeState(tx, { hostId: host.id, filterId, state: 'pending', fault: null });
}

/** Where the filter is being upgraded the VIB takes the place of an older version. */
export async function installOnHost(
  context: TaskContext,
  filter: ClusterFilter,
  host: Host,
): Promise<void> {
  const { depot, db, taskId } = context;
  const vib = await findDepotVib(db, filter.depotId);
  await callOperation(context, {
    host,
    rpc: installVib,
    input: {
      operationKey: `${taskId}:install:${host.id}`,
      url: depot.link('vibs', vib.fileName),
      vibId: vib.vibId,
      sha256: vib.sha256,
      upgrade: filter.opType === 'upgrade',
    },
    async onProgress(found) {
      const { state, progress } = toState(found);
      await setState(context, { hostId: host.id, filterId: filter.filterId, state, progress });
    },
  });
}

function toState({ step, progress }: HostOperation): { state: HostFilterState; progress: number } {
  const state = hostFilterStateSchema.safeParse(step);
  return { state: state.success ? state.data : 'pending', progress };
}
