// Clone virtual machine: full or linked, to a virtual machine or a template; of a template, the
// same call deploys from it.
import type { z } from 'zod';
import { objectIdSchema } from '../../model/inventory.ts';
import type { Privilege } from '../../model/role.ts';
import type { DatastoreFacts, HostFacts } from '../../rules/facts.ts';
import { judgeClone } from '../../rules/storage/clone.ts';
import { sizeOf } from '../../rules/storage/relocation.ts';
import { cloneVmSchema } from '../../wire/api/vm-operations.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import { requireDatastore } from '../disks/add-disk.ts';
import { findHostFacts } from '../hosts/host-store.ts';
import { defineOperation } from '../tasks/operation.ts';
import { type ObservedVm, observeVm } from '../vms/observe-vm.ts';
import { isNameOfClone } from './is-name-of-clone.ts';

const cloneInputSchema = cloneVmSchema.extend({ vmId: objectIdSchema });
export type CloneInput = z.infer<typeof cloneInputSchema>;

interface ObservedClone extends ObservedVm {
  destination: HostFacts;
  datastore: DatastoreFacts;
  nameTaken: boolean;
}

export const cloneVm = defineOperation<CloneInput, ObservedClone>({
  key: 'VirtualMachine.clone',
  label: 'Clone virtual machine',
  input: cloneInputSchema,
  cancelable: true,
  async observe(tx, { vmId, hostId, datastoreId, name }) {
    const observed = await observeVm(tx, { vmId });
    const destination = await findHostFacts(tx, hostId);
    const datastore = await requireDatastore(tx, datastoreId);
    return { ...observed, destination, datastore, nameTaken: await isTaken(tx, vmId, name) };
  },
  privileges: ({ vm, destination, datastore }, { template }) => [
    { privilege: cloneSourcePrivilege(vm.isTemplate, template), objectId: vm.id },
    { privilege: 'VirtualMachine.Inventory.CreateFromExisting', objectId: destination.id },
    { privilege: 'Resource.AssignVMToPool', objectId: destination.clusterId ?? destination.id },
    { privilege: 'Datastore.AllocateSpace', objectId: datastore.id },
  ],
  judge: ({ target: _, ...facts }, input) =>
    judgeClone({
      ...facts,
      ...{ name: input.name, linked: input.linked, snapshotId: input.snapshotId },
      ...{ template: input.template, powerOn: input.powerOn },
      neededBytes: facts.vm.disks.reduce(
        (sum, disk) => sum + sizeOf(disk, input.provisioning ?? disk.provisioning),
        0,
      ),
    }),
});

/** What cloning needs on the source. */
export function cloneSourcePrivilege(fromTemplate: boolean, toTemplate: boolean): Privilege {
  if (fromTemplate) {
    return toTemplate
      ? 'VirtualMachine.Provisioning.CloneTemplate'
      : 'VirtualMachine.Provisioning.DeployTemplate';
  }
  return toTemplate
    ? 'VirtualMachine.Provisioning.CreateTemplateFromVM'
    : 'VirtualMachine.Provisioning.Clone';
}

/** By a VM, or by a clone of another VM that is being made. One of this VM holds the VM anyway. */
async function isTaken(tx: DatabaseTransaction, vmId: string, name: string): Promise<boolean> {
  if (await tx.vm.findUnique({ where: { name }, select: { id: true } })) return true;
  return isNameOfClone(tx, name, vmId);
}
