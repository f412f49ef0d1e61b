// Upgrade IO Filter: the same filter in a higher version, host by host through maintenance mode.
import { z } from 'zod';
import { Fault } from '../../model/fault.ts';
import { objectIdSchema } from '../../model/inventory.ts';
import { kindOf } from '../../model/object-kind.ts';
import type { Privilege } from '../../model/role.ts';
import { judgeFilterUpgrade, type UpgradeFacts } from '../../rules/filter-upgrade.ts';
import { upgradeIoFilterSchema } from '../../wire/api/operations.ts';
import { findClusterFacts } from '../clusters/cluster-store.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import type { Vib } from '../database/generated/client.ts';
import { findHost } from '../hosts/host-store.ts';
import { readHostFacts, readVmFacts } from '../inventory/read-facts.ts';
import type { WantedPrivilege } from '../permissions/missing-privileges.ts';
import { defineOperation } from '../tasks/operation.ts';
import { findClusterFilter } from './cluster-filter-store.ts';
import { findDepotVib, isPlatformSigned, platformsOf, readFilter } from './install-io-filter.ts';

const upgradeInputSchema = upgradeIoFilterSchema.extend({
  clusterId: objectIdSchema,
  filterId: z.string().min(1).max(200),
});
export type UpgradeIoFilterInput = z.infer<typeof upgradeInputSchema>;

const NEEDED: Privilege[] = ['Host.Config.Patch', 'Host.Config.Maintenance'];

export const upgradeIoFilter = defineOperation({
  key: 'IoFilterManager.upgradeIoFilter',
  label: 'Upgrade IO Filter',
  input: upgradeInputSchema,
  cancelable: true,
  pausable: true,
  async observe(tx, input) {
    const vib = await findDepotVib(tx, input.depotId);
    const upgrade = await observeUpgrade(tx, input, vib);
    return { target: upgrade.cluster, vib, upgrade };
  },
  privileges: ({ upgrade: { hosts } }) => privilegesToUpgrade(hosts),
  judge: ({ upgrade }) => judgeFilterUpgrade(upgrade),
});

export function privilegesToUpgrade(hosts: readonly { id: string }[]): WantedPrivilege[] {
  return hosts.flatMap(({ id }) => NEEDED.map((privilege) => ({ privilege, objectId: id })));
}

async function observeUpgrade(
  tx: DatabaseTransaction,
  { clusterId, filterId }: UpgradeIoFilterInput,
  vib: Vib,
): Promise<UpgradeFacts> {
  if (kindOf(clusterId) === 'host') {
    const { name } = await findHost(tx, clusterId);
    const message = `${name} is a host; I/O filters are upgraded on clusters.`;
    throw new Fault('InvalidArgument', message);
  }
  const [cluster, filter, hosts, vms] = await Promise.all([
    findClusterFacts(tx, clusterId),
    findClusterFilter(tx, clusterId, filterId),
    readHostFacts(tx, { clusterId }),
    readVmFacts(tx, { host: { clusterId } }),
  ]);
  return {
    ...{ cluster, filter, hosts, vms },
    vib: {
      ...{ vibId: vib.vibId, fileName: vib.fileName, filter: readFilter(vib) },
      ...{ platformSigned: isPlatformSigned(vib), platforms: platformsOf(vib) },
    },
  };
}
