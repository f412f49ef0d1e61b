// Re-encrypts the disks of a virtual machine: with a new key of their key provider around the data
// keys (shallow), or with new data keys as well (deep).
import type { z } from 'zod';
import type { DiskFilter } from '../../model/filter.ts';
import { objectIdSchema } from '../../model/inventory.ts';
import { type Verdict, verdictOf } from '../../model/verdict.ts';
import type { HostFacts, VmFacts } from '../../rules/facts.ts';
import { judgeAssignment } from '../../rules/policy-assignment.ts';
import { recryptVmSchema } from '../../wire/api/keys.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import { findHostFacts } from '../hosts/host-store.ts';
import { defineOperation } from '../tasks/operation.ts';
import { findVmFacts } from '../vms/vm-store.ts';

const recryptInputSchema = recryptVmSchema.extend({ vmId: objectIdSchema });
export type RecryptInput = z.infer<typeof recryptInputSchema>;

export interface ObservedRecrypt {
  target: { id: string; name: string };
  vm: VmFacts;
  host: HostFacts;
  /** Those that are encrypted. */
  disks: VmFacts['disks'];
}

export const recryptVm = defineOperation<RecryptInput, ObservedRecrypt>({
  key: 'VirtualMachine.recrypt',
  label: 'Re-encrypt virtual machine',
  input: recryptInputSchema,
  cancelable: false,
  observe: observeRecrypt,
  privileges: (_, { vmId }) => [{ privilege: 'Cryptographer.Recrypt', objectId: vmId }],
  judge: judgeRecrypt,
});

export async function observeRecrypt(
  tx: DatabaseTransaction,
  { vmId }: Pick<RecryptInput, 'vmId'>,
): Promise<ObservedRecrypt> {
  const vm = await findVmFacts(tx, vmId);
  const host = await findHostFacts(tx, vm.hostId);
  return { target: vm, vm, host, disks: encryptedDisks(vm) };
}

export function encryptedDisks({ disks }: VmFacts): VmFacts['disks'] {
  return disks.filter(({ filters }) => filters.some((filter) => filter.class === 'encryption'));
}

function unchanged(filters: VmFacts['disks'][number]['filters']): DiskFilter[] {
  return filters.map(({ name, class: filterClass }) => ({
    ...{ name, class: filterClass },
    properties: {},
  }));
}

function judgeRecrypt({ vm, host, disks }: ObservedRecrypt): Verdict {
  const reasons = disks.flatMap(
    (disk) =>
      judgeAssignment({ vm, host, disk, filters: unchanged(disk.filters), movingBy: null }).reasons,
  );
  if (disks.length === 0) {
    reasons.push({
      fault: 'InvalidState',
      message: `No disk of ${vm.name} is encrypted.`,
      remedy: 'Assign a storage policy with encryption to a disk.',
      objects: [vm.id],
    });
  }
  if (vm.powerState !== 'poweredOn') {
    reasons.push({
      fault: 'InvalidPowerState',
      message: `${vm.name} must be powered on: its disks are re-encrypted while they are in use.`,
      remedy: `Power on ${vm.name}.`,
      objects: [vm.id],
    });
  }
  return verdictOf(reasons);
}
