// Uninstall IO Filter: from all hosts of the cluster, when no disk uses it.
import { z } from 'zod';
import { objectIdSchema } from '../../model/inventory.ts';
import type { Privilege } from '../../model/role.ts';
import { judgeFilterUninstall } from '../../rules/filter-install.ts';
import { findClusterFacts } from '../clusters/cluster-store.ts';
import { defineOperation } from '../tasks/operation.ts';
import { findClusterFilter, findDisksUsing } from './cluster-filter-store.ts';

const uninstallIoFilterInputSchema = z.object({
  clusterId: objectIdSchema,
  filterId: z.string().min(1).max(200),
});
export type UninstallIoFilterInput = z.infer<typeof uninstallIoFilterInputSchema>;

const NEEDED: Privilege[] = ['Host.Config.Patch', 'Host.Config.Maintenance'];

export const uninstallIoFilter = defineOperation({
  key: 'IoFilterManager.uninstallIoFilter',
  label: 'Uninstall IO Filter',
  input: uninstallIoFilterInputSchema,
  cancelable: true,
  pausable: true,
  async observe(tx, { clusterId, filterId }) {
    const cluster = await findClusterFacts(tx, clusterId);
    const filter = await findClusterFilter(tx, clusterId, filterId);
    const hosts = await tx.host.findMany({ where: { clusterId }, orderBy: { name: 'asc' } });
    return { target: cluster, cluster, filter, hosts, disks: await findDisksUsing(tx, filter) };
  },
  privileges: ({ hosts }) =>
    hosts.flatMap(({ id }) => NEEDED.map((privilege) => ({ privilege, objectId: id }))),
  judge: ({ cluster, disks }, { filterId }) =>
    judgeFilterUninstall({
      cluster: { name: cluster.name, drsEnabled: cluster.drs.enabled },
      filterId,
      disks,
    }),
});
