// What an upgrade would do on each host of a cluster, and whether it may be: a dry run.
import { planFilterUpgrade } from '../../rules/filter-upgrade.ts';
import type { UpgradePlan } from '../../wire/api/operations.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import type { Caller } from '../permissions/caller.ts';
import { judgeOperation } from '../tasks/judge-operation.ts';
import { type UpgradeIoFilterInput, upgradeIoFilter } from './upgrade-io-filter.ts';

export async function planUpgrade(
  { db, caller }: { db: DatabaseTransaction; caller: Caller },
  input: UpgradeIoFilterInput,
): Promise<UpgradePlan> {
  const verdict = await judgeOperation({ db, caller, operation: upgradeIoFilter, input });
  const { upgrade } = await upgradeIoFilter.observe(db, input);
  return { verdict, hosts: planFilterUpgrade(upgrade, input.hostsAtOnce) };
}
