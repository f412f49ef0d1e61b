// Installs a cluster's filter on hosts: each downloads the VIB itself, verifies and unpacks it; its
// steps show.
import { type HostFilterState, hostFilterStateSchema } from '../../model/inventory.ts';
import { type HostOperation, type HostReport, installVib } from '../../wire/agent/host-rpc.ts';
import { recordChanges } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import type { ClusterFilter, Host } from '../database/generated/client.ts';
import { postEvent } from '../events/post-event.ts';
import { writeState } from '../reconciler/apply-filter-states.ts';
import type { TaskContext } from '../tasks/task-context.ts';
import { performOnHosts, readReport, setState, stateChanges } from './host-work.ts';
import { findDepotVib } from './install-io-filter.ts';

/** A host that does not answer for so long counts as failed. */
const PATIENCE_MS = 15_000;

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
async function writePending(tx: DatabaseTransaction, host: Host, filterId: string): Promise<void> {
  const where = { hostId_filterId: { hostId: host.id, filterId } };
  const row = await tx.hostFilterState.findUnique({ where });
  if (row && row.state !== 'failed' && row.state !== 'removing') return;
  await writeState(tx, { hostId: host.id, filterId, state: 'pending', fault: null });
}

async function installOnHost(
  context: TaskContext,
  filter: ClusterFilter,
  host: Host,
): Promise<void> {
  const { agents, depot, db, taskId, signal } = context;
  const vib = await findDepotVib(db, filter.depotId);
  const operationKey = `${taskId}:install:${host.id}`;
  const input = {
    operationKey,
    url: depot.link('vibs', vib.fileName),
    vibId: vib.vibId,
    sha256: vib.sha256,
  };
  const ended = new AbortController();
  const watching = watchProgress(
    { ...context, signal: AbortSignal.any([signal, ended.signal]) },
    { host, filterId: filter.filterId, operationKey },
  );
  try {
    await agents.call(host, installVib, input, { signal, patienceMs: PATIENCE_MS });
  } finally {
    ended.abort();
    await watching;
  }
}

interface Watched {
  host: Host;
  filterId: string;
  operationKey: string;
}

/** Writes the operation's steps as the host reports them, until the signal aborts. */
async function watchProgress(context: TaskContext, watched: Watched): Promise<void> {
  let known: HostReport | null = null;
  let shown = '';
  while (!context.signal.aborted) {
    try {
      known = await readReport(context, watched.host, known);
    } catch {
      // The call that does the work says what is wrong with the host.
      return;
    }
    const found = known.operations.find((row) => row.operationKey === watched.operationKey);
    if (found?.state !== 'running') continue;
    const { state, progress } = toState(found);
    if (context.signal.aborted || shown === `${state} ${progress}`) continue;
    shown = `${state} ${progress}`;
    const { host, filterId } = watched;
    await setState(context, { hostId: host.id, filterId, state, progress });
  }
}

function toState({ step, progress }: HostOperation): { state: HostFilterState; progress: number } {
  const state = hostFilterStateSchema.safeParse(step);
  return { state: state.success ? state.data : 'pending', progress };
}
