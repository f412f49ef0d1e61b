// What an upgrade would do on each host of a cluster, and whether it may be: a dry run.
import { verdictOf } from '../../model/verdict.ts';
import { compareVibVersions } from '../../model/vib-version.ts';
import { planFilterUpgrade } from '../../rules/filter-upgrade.ts';
import type { UpgradePlan } from '../../wire/api/operations.ts';
import { findClusterFacts } from '../clusters/cluster-store.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import type { Caller } from '../permissions/caller.ts';
import { judgeOperation } from '../tasks/judge-operation.ts';
import { findClusterFilter } from './cluster-filter-store.ts';
import { type UpgradeIoFilterInput, upgradeIoFilter } from './upgrade-io-filter.ts';

/** Without a VIB the one of the highest version that the depot has. */
export type PlanUpgradeInput = Omit<UpgradeIoFilterInput, 'depotId'> & {
  depotId?: string | undefined;
};

/** `NotFound` when cluster, filter or VIB are not there. */
export async function planUpgrade(
  { db, caller }: { db: DatabaseTransaction; caller: Caller },
  { depotId, ...which }: PlanUpgradeInput,
): Promise<UpgradePlan> {
  const { name, version, vendor } = await findFilter(db, which);
  const chosen = depotId ?? (await findHighest(db, { name, vendor }))?.id;
  if (chosen === undefined) {
    const message = `The depot has no VIB of ${name} of ${vendor}; the cluster has ${version}.`;
    const remedy = 'Upload a VIB with a higher version.';
    return { verdict: verdictOf([{ fault: 'NotFound', message, remedy }]), hosts: [] };
  }
  const input = { ...which, depotId: chosen };
  const verdict = await judgeOperation({ db, caller, operation: upgradeIoFilter, input });
  const { upgrade } = await upgradeIoFilter.observe(db, input);
  return { verdict, hosts: planFilterUpgrade(upgrade, input.hostsAtOnce) };
}

async function findFilter(
  db: DatabaseTransaction,
  { clusterId, filterId }: { clusterId: string; filterId: string },
) {
  await findClusterFacts(db, clusterId);
  return findClusterFilter(db, clusterId, filterId);
}

async function findHighest(
  db: DatabaseTransaction,
  { name: filterName, vendor }: { name: string; vendor: string },
) {
  const vibs = await db.vib.findMany({ where: { filterName, vendor } });
  return vibs.sort((a, b) => compareVibVersions(a.version, b.version)).at(-1);
}
