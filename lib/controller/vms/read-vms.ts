// VMs as lists show them.
import { powerStateSchema } from '../../model/inventory.ts';
import { worstCompliance } from '../../rules/compliance.ts';
import type { VmSummary } from '../../wire/api/inventory.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import type { Prisma } from '../database/generated/client.ts';
import { readVmRows, type VmRow } from './vm-rows.ts';

/** The VMs that the condition selects (all without one), by name. */
export async function readVms(
  db: DatabaseTransaction,
  where: Prisma.VmWhereInput = {},
): Promise<VmSummary[]> {
  return (await readVmRows(db, where)).map(toVmSummary);
}

export function toVmSummary({ vm, host, disks, snapshotCount }: VmRow): VmSummary {
  const filters = disks.flatMap((disk) => disk.reportedFilters ?? disk.filters);
  return {
    id: vm.id,
    name: vm.name,
    powerState: powerStateSchema.parse(vm.powerState),
    worldState: vm.worldState,
    worldMessage: vm.worldMessage,
    host: { id: host.id, name: host.name },
    cluster: host.cluster,
    guestFullName: vm.guestFullName,
    cpuCount: vm.cpuCount,
    memoryMib: vm.memoryMib,
    provisionedBytes: disks.reduce((sum, disk) => sum + Number(disk.capacityBytes), 0),
    diskCount: disks.length,
    filterNames: [...new Set(filters.map((filter) => filter.name))],
    compliance: worstCompliance(disks.map((disk) => disk.compliance.status)),
    cpuUsage: vm.cpuUsage,
    isTemplate: vm.isTemplate,
    snapshotCount,
  };
}
