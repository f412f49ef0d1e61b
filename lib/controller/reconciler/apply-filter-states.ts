// Holds each cluster filter's state on a host against the VIBs that the host reports: a filter that
// is gone from the image (a stateless host that booted) or never came (a host that joined) becomes
// an issue with its reason.
import type { FaultRecord } from '../../model/fault.ts';
import type { ChangeInput } from '../changes/record-change.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import { type ClusterFilter, type Host, Prisma } from '../database/generated/client.ts';

/** The key of moving a host into another cluster, which removes and installs filters too. */
const MOVE_HOST = 'ClusterComputeResource.moveInto';

export interface FilterStatesApplied {
  changes: ChangeInput[];
  /** Filters of the cluster that the host never was asked to install: it has joined since. */
  joining: string[];
}

/**
 * A host that has started anew without what it had is stateless: it gets the filters again. From
 * one that has not, somebody took them: that is an issue.
 */
export async function applyFilterStates(
  tx: DatabaseTransaction,
  host: Host,
  hasRebooted: boolean,
): Promise<FilterStatesApplied> {
  const applied: FilterStatesApplied = { changes: [], joining: [] };
  if (host.clusterId === null) return applied;
  const filters = await tx.clusterFilter.findMany({
    where: { clusterId: host.clusterId, opType: { not: 'uninstall' } },
  });
  if (filters.length === 0 || (await isBeingChanged(tx, host))) return applied;
  const states = await tx.hostFilterState.findMany({ where: { hostId: host.id } });
  const vibs = await tx.hostVib.findMany({ where: { hostId: host.id } });
  for (const filter of filters) {
    const isThere = vibs.some(({ vibId }) => vibId === filter.vibId);
    const state = states.find(({ filterId }) => filterId === filter.filterId)?.state;
    const isLost = state === 'installed' && !isThere && hasRebooted;
    if (state === undefined || isLost) applied.joining.push(filter.filterId);
    if (isLost) await forgetState(tx, host.id, filter.filterId);
    const next = isLost ? null : nextState(state, isThere);
    if (next === null) continue;
    const fault = next === 'failed' ? missing(host, filter) : null;
    await writeState(tx, { hostId: host.id, filterId: filter.filterId, state: next, fault });
    applied.changes.push(
      { object: host.id, path: 'filterStates' },
      { object: host.clusterId, path: 'filters' },
    );
  }
  return applied;
}

/** As on a host that has joined: until a task has begun with it. */
async function forgetState(tx: DatabaseTransaction, hostId: string, filterId: string) {
  await tx.hostFilterState.deleteMany({ where: { hostId, filterId } });
}

/** A task that installs or removes filters keeps the states itself. */
async function isBeingChanged(tx: DatabaseTransaction, host: Host): Promise<boolean> {
  const task = await tx.task.findFirst({
    where: {
      OR: [{ operation: { startsWith: 'IoFilterManager.' } }, { operation: MOVE_HOST }],
      targetId: { in: [host.id, host.clusterId ?? host.id] },
      state: { in: ['queued', 'running'] },
    },
  });
  return task !== null;
}

/** Null when the state stands: a task is at it, or it says what is so. */
function nextState(state: string | undefined, isThere: boolean): 'installed' | 'failed' | null {
  if (isThere) return state === undefined || state === 'failed' ? 'installed' : null;
  return state === 'installed' ? 'failed' : null;
}

export async function writeState(
  tx: DatabaseTransaction,
  row: {
    hostId: string;
    filterId: string;
    state: string;
    progress?: number;
    fault: FaultRecord | null;
  },
): Promise<void> {
  const { hostId, filterId, state, progress = state === 'installed' ? 100 : 0 } = row;
  const fault = row.fault === null ? Prisma.DbNull : JSON.parse(JSON.stringify(row.fault));
  await tx.hostFilterState.upsert({
    where: { hostId_filterId: { hostId, filterId } },
    create: { hostId, filterId, state, progress, fault },
    update: { state, progress, fault },
  });
}

function missing(host: Host, filter: ClusterFilter): FaultRecord {
  const message = `The I/O filter ${filter.name} is no longer in the image of ${host.name}.`;
  const remedy = `Resolve the installation of ${filter.name} on ${host.name}.`;
  return {
    fault: 'NotFound',
    message,
    reasons: [{ fault: 'NotFound', message, remedy, objects: [host.id] }],
  };
}
