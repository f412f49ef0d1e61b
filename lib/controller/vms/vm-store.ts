// VM rows as the tasks need them: the facts, and what a host must know to run the VM.
import { z } from 'zod';
import { Fault } from '../../model/fault.ts';
import { diskFilterSchema } from '../../model/filter.ts';
import type { VmFacts } from '../../rules/facts.ts';
import type { VmRunSpec } from '../../wire/agent/host-rpc.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import type { Disk, Host, Vm } from '../database/generated/client.ts';
import { readVmFacts } from '../inventory/read-facts.ts';

const diskFiltersSchema = z.array(diskFilterSchema);

export type VmRow = Vm & { disks: Disk[]; host: Host };

/** With its disks by key, and its host. `NotFound` when there is no such VM. */
export async function findVm(tx: DatabaseTransaction, id: string): Promise<VmRow> {
  const vm = await tx.vm.findUnique({
    where: { id },
    include: { disks: { orderBy: { key: 'asc' } }, host: true },
  });
  if (!vm) throw new Fault('NotFound', `There is no virtual machine ${id}.`);
  return vm;
}

/** The facts of one VM; `NotFound` when there is no such VM. */
export async function findVmFacts(tx: DatabaseTransaction, id: string): Promise<VmFacts> {
  const [facts] = await readVmFacts(tx, { id });
  if (!facts) throw new Fault('NotFound', `There is no virtual machine ${id}.`);
  return facts;
}

/** What a host must run for the VM. */
export function toRunSpec(vm: Vm & { disks: Disk[] }): VmRunSpec {
  return {
    vmId: vm.id,
    name: vm.name,
    instanceUuid: vm.instanceUuid,
    cpuCount: vm.cpuCount,
    memoryMib: vm.memoryMib,
    datastoreId: vm.datastoreId,
    vmxPath: vm.vmxPath,
    nbdPort: vm.nbdPort,
    disks: vm.disks.map((disk) => ({
      key: disk.key,
      label: disk.label,
      unit: disk.unit,
      datastoreId: disk.datastoreId,
      path: disk.path,
      capacityBytes: Number(disk.capacityBytes),
      filters: diskFiltersSchema.parse(disk.filters),
    })),
  };
}
