// Relocate virtual machine: its home and disks to other datastores, also while it is on, and to
// another host with them.
import type { z } from 'zod';
import { objectIdSchema } from '../../model/inventory.ts';
import type { VmFacts } from '../../rules/facts.ts';
import {
  planRelocation,
  type RelocationFacts,
  type WantedPlace,
} from '../../rules/storage/relocation.ts';
import { relocateVmSchema } from '../../wire/api/vm-operations.ts';
import { requireDatastore } from '../disks/add-disk.ts';
import { requireDisk } from '../disks/grow-disk.ts';
import { findHostFacts } from '../hosts/host-store.ts';
import { readDatastoreFacts } from '../inventory/read-facts.ts';
import { defineOperation } from '../tasks/operation.ts';
import { observeVm } from '../vms/observe-vm.ts';

const relocateInputSchema = relocateVmSchema.extend({ vmId: objectIdSchema });
export type RelocateInput = z.infer<typeof relocateInputSchema>;

interface ObservedRelocation extends RelocationFacts {
  target: VmFacts;
}

export const relocateVm = defineOperation<RelocateInput, ObservedRelocation>({
  key: 'VirtualMachine.relocate',
  label: 'Relocate virtual machine',
  input: relocateInputSchema,
  cancelable: true,
  async observe(tx, input) {
    const { vm, host } = await observeVm(tx, input);
    const destination = input.hostId ? await findHostFacts(tx, input.hostId) : host;
    const wanted = placeWanted(vm, input);
    for (const id of datastoreIdsOf(wanted)) await requireDatastore(tx, id);
    return {
      ...{ target: vm, vm, host, destination, wanted },
      datastores: await readDatastoreFacts(tx),
    };
  },
  privileges: ({ vm, host, destination, wanted }) => [
    {
      privilege: vm.powerState === 'poweredOn' ? 'Resource.HotMigrate' : 'Resource.ColdMigrate',
      objectId: vm.id,
    },
    ...newDatastoresOf(vm, wanted).map((objectId) => ({
      privilege: 'Datastore.AllocateSpace' as const,
      objectId,
    })),
    ...(destination.id === host.id
      ? []
      : [
          {
            privilege: 'Resource.AssignVMToPool' as const,
            objectId: destination.clusterId ?? destination.id,
          },
        ]),
  ],
  judge: (facts) => planRelocation(facts).verdict,
});

/** Where everything shall be; what the input leaves out stays. `NotFound` for an unknown disk. */
function placeWanted(vm: VmFacts, { datastoreId, disks }: RelocateInput): WantedPlace {
  for (const { key } of disks) requireDisk(vm, key);
  return {
    homeDatastoreId: datastoreId ?? vm.datastoreId,
    disks: vm.disks.map((disk) => {
      const named = disks.find(({ key }) => key === disk.key);
      return {
        key: disk.key,
        datastoreId: named?.datastoreId ?? datastoreId ?? disk.datastoreId,
        provisioning: named?.provisioning ?? disk.provisioning,
      };
    }),
  };
}

function datastoreIdsOf(place: WantedPlace): Set<string> {
  return new Set([place.homeDatastoreId, ...place.disks.map((disk) => disk.datastoreId)]);
}

/** Those on which something of the VM is put that is not there now. */
function newDatastoresOf(vm: VmFacts, place: WantedPlace): string[] {
  const ids = place.disks
    .filter(({ key, datastoreId }) =>
      vm.disks.some((disk) => disk.key === key && disk.datastoreId !== datastoreId),
    )
    .map((disk) => disk.datastoreId);
  if (place.homeDatastoreId !== vm.datastoreId) ids.push(place.homeDatastoreId);
  return [...new Set(ids)];
}
