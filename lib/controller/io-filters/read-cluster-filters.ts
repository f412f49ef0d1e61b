// The I/O filters of a cluster with their state on every host and the disks that use them.
import { groupBy } from '../../base/group-by.ts';
import { filterClassSchema } from '../../model/filter-class-schema.ts';
import { hostFilterStateSchema } from '../../model/inventory.ts';
import { faultRecordSchema } from '../../model/task.ts';
import { type Verdict, verdictOf } from '../../model/verdict.ts';
import { reasonsAgainstUpgrades } from '../../rules/filter-upgrade.ts';
import type { ClusterFilterView, HostSummary } from '../../wire/api/inventory.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import type { ClusterFilter, HostFilterState, HostVib } from '../database/generated/client.ts';
import type { Caller } from '../permissions/caller.ts';
import { judgeActions } from '../permissions/judge-actions.ts';
import { judgeOperation } from '../tasks/judge-operation.ts';
import { readRunningTaskReasons } from '../tasks/running-tasks.ts';
import { findDisksUsing } from './cluster-filter-store.ts';
import { resolveIoFilterOnCluster } from './resolve-io-filter.ts';
import { uninstallIoFilter } from './uninstall-io-filter.ts';
import { privilegesToUpgrade } from './upgrade-io-filter.ts';

export interface ClusterRows {
  cluster: { id: string; name: string; drsEnabled: boolean };
  hosts: readonly HostSummary[];
}

/** By name. Three queries, one for each filter, and the verdicts, however many hosts and VMs. */
export async function readClusterFilters(
  { db, caller }: { db: DatabaseTransaction; caller: Caller },
  rows: ClusterRows,
): Promise<ClusterFilterView[]> {
  const clusterId = rows.cluster.id;
  const host = { clusterId };
  const [filters, states, vibs] = await Promise.all([
    db.clusterFilter.findMany({ where: { clusterId }, orderBy: { name: 'asc' } }),
    db.hostFilterState.findMany({ where: { host } }),
    db.hostVib.findMany({ where: { host, filterId: { not: null } } }),
  ]);
  const statesByFilter = groupBy(states, (state) => state.filterId);
  const vibsByFilter = groupBy(vibs, keyOfVib);
  const views = await Promise.all(
    filters.map(async (filter) => ({
      ...describeFilter(filter),
      hosts: describeHosts(rows.hosts, statesByFilter.get(filter.filterId) ?? [], {
        vibId: filter.vibId,
        vibs: vibsByFilter.get(keyOf(filter)) ?? [],
      }),
      disksInUse: await findDisks(db, filter),
    })),
  );
  const verdicts = await judgeFilterActions({ db, caller }, rows, views);
  return views.map((view, index) => ({ ...view, actions: verdicts[index] ?? {} }));
}

/** All versions of a filter under one key: hosts have different ones during an upgrade. */
function keyOf({ vendor, name }: { vendor: string; name: string }): string {
  return `${vendor} ${name}`;
}

function keyOfVib({ vendor, filterName }: HostVib): string {
  return keyOf({ vendor, name: filterName ?? '' });
}

function describeFilter(filter: ClusterFilter) {
  const { filterId, name, vendor, version, summary, releaseDate, vibId, depotId, opType } = filter;
  return {
    ...{ filterId, name, vendor, version, summary, releaseDate, vibId, depotId },
    previousVersion: filter.previousVersion,
    type: filterClassSchema.parse(filter.type),
    opType: operationType(opType),
  };
}

function operationType(opType: string): ClusterFilterView['opType'] {
  return opType === 'uninstall' || opType === 'upgrade' ? opType : 'install';
}

function describeHosts(
  hosts: readonly HostSummary[],
  states: readonly HostFilterState[],
  { vibId, vibs }: { vibId: string; vibs: readonly HostVib[] },
): ClusterFilterView['hosts'] {
  return hosts.map(({ id, name }) => {
    const state = states.find(({ hostId }) => hostId === id);
    const present = vibs.find(({ hostId }) => hostId === id);
    const vib = present?.vibId === vibId ? present : undefined;
    return {
      host: { id, name },
      state: state ? hostFilterStateSchema.parse(state.state) : vib ? 'installed' : 'pending',
      progress: state?.progress ?? (vib ? 100 : 0),
      available: vib?.available ?? false,
      version: present?.version ?? null,
      fault: faultRecordSchema.nullable().parse(state?.fault ?? null),
    };
  });
}

async function findDisks(
  db: DatabaseTransaction,
  filter: ClusterFilter,
): Promise<ClusterFilterView['disksInUse']> {
  const disks = await findDisksUsing(db, filter);
  return disks.map(({ vmId, vmName, diskKey, diskLabel }) => ({
    ...{ vm: { id: vmId, name: vmName }, diskKey, diskLabel },
  }));
}

async function judgeFilterActions(
  { db, caller }: { db: DatabaseTransaction; caller: Caller },
  { cluster, hosts }: ClusterRows,
  views: readonly Omit<ClusterFilterView, 'actions'>[],
): Promise<Record<string, Verdict>[]> {
  const clusterId = cluster.id;
  const busy = (await readRunningTaskReasons(db, [clusterId])).get(clusterId);
  const unlessBusy = ({ reasons, warnings }: Verdict): Verdict =>
    verdictOf(busy ? [...reasons, busy] : reasons, warnings);
  const { upgrade = verdictOf([]) } = await judgeActions(db, caller, {
    upgrade: { wanted: privilegesToUpgrade(hosts), reasons: reasonsAgainstUpgrades(cluster) },
  });
  return Promise.all(
    views.map(async ({ filterId }) => {
      const input = { clusterId, filterId };
      const [uninstall, resolve] = await Promise.all([
        judgeOperation({ db, caller, operation: uninstallIoFilter, input }),
        judgeOperation({ db, caller, operation: resolveIoFilterOnCluster, input }),
      ]);
      return {
        uninstall: unlessBusy(uninstall),
        resolve: unlessBusy(resolve),
        upgrade: unlessBusy(upgrade),
      };
    }),
  );
}
