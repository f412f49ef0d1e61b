// Whether a disk may get the filters of a storage policy, and which hosts and datastores could run
// it.

import type { Reason } from '../model/fault.ts';
import type { DiskFilter } from '../model/filter.ts';
import { FILTER_CLASSES } from '../model/filter-class.ts';
import { type Verdict, verdictOf } from '../model/verdict.ts';
import type { DiskFacts, HostFacts, VmFacts } from './facts.ts';
import { judgeFilterSet } from './filter-order.ts';
import { hasFilter } from './placement.ts';
import { snapshotTreeReasons } from './storage/snapshots.ts';
import { suspendedReasons, waitingReasons } from './storage/vm-reasons.ts';

export interface AssignmentFacts {
  vm: VmFacts;
  host: HostFacts;
  disk: DiskFacts;
  /** What the disk shall have; empty to detach. */
  filters: DiskFilter[];
  /** Label of a task that moves or clones the VM at this moment. */
  movingBy: string | null;
}

/**
 * No change during a migration or clone; the filters installed and available on the VM's host; one
 * of each class.
 */
export function judgeAssignment({ vm, host, disk, filters, movingBy }: AssignmentFacts): Verdict {
  const reasons: Reason[] = [];
  if (movingBy !== null) {
    reasons.push({
      fault: 'InvalidState',
      message: `The policy of ${disk.label} cannot change while “${movingBy}” runs on ${vm.name}.`,
      remedy: 'Wait until the task has ended.',
      objects: [vm.id],
    });
  }
  if (host.connectionState !== 'connected') {
    reasons.push({
      fault: 'HostNotConnected',
      message: `${host.name}, the host of ${vm.name}, is not connected.`,
      remedy: `Reconnect ${host.name}.`,
      objects: [host.id],
    });
  }
  reasons.push(
    ...suspendedReasons(vm),
    ...waitingReasons(vm),
    ...snapshotTreeReasons(vm, 'its storage policies cannot be added, changed or removed'),
  );
  reasons.push(...judgeFilterSet(filters).reasons, ...missingFilters(host, filters));
  reasons.push(...decryptionReasons({ vm, disk, filters }));
  return verdictOf(reasons, encryptionWarnings({ vm, disk, filters }));
}

type Change = Pick<AssignmentFacts, 'vm' | 'disk' | 'filters'>;

/** What a disk holds is encrypted in use; of one that is off it stays as it is until then. */
function encryptionWarnings({ vm, disk, filters }: Change): Reason[] {
  const encrypts = (each: Pick<DiskFilter, 'class'>) => each.class === 'encryption';
  if (vm.powerState === 'poweredOn' || disk.filters.some(encrypts)) return [];
  if (!filters.some(encrypts)) return [];
  return [
    {
      fault: 'InvalidPowerState',
      message:
        `${vm.name} is off: ${disk.label} is encrypted when it is powered on, ` +
        'and holds clear text until then.',
      remedy: `Power on ${vm.name}.`,
      objects: [vm.id],
    },
  ];
}

/** Encryption leaves a disk when the disk is in clear text, and that happens in use. */
function decryptionReasons({ vm, disk, filters }: Change): Reason[] {
  const leaves = disk.filters.some(
    (each) => each.class === 'encryption' && !filters.some(({ name }) => name === each.name),
  );
  if (!leaves || vm.powerState === 'poweredOn') return [];
  return [
    {
      fault: 'InvalidPowerState',
      message: `${disk.label} of ${vm.name} is decrypted while it is in use.`,
      remedy: `Power on ${vm.name}.`,
      objects: [vm.id],
    },
  ];
}

/** Whether the host could run a disk with these filters. */
export function judgeHostForFilters(
  host: HostFacts,
  filters: Pick<DiskFilter, 'name' | 'class'>[],
): Verdict {
  return verdictOf(missingFilters(host, filters));
}

/**
 * Whether the datastore can hold such a disk: at least one host that reaches it has all the filters
 * (PbmPlacementCompatibilityResult.error, "no host connected to this hub is compatible").
 */
export function judgeDatastoreForFilters(
  datastore: { id: string; name: string },
  hosts: HostFacts[],
  filters: Pick<DiskFilter, 'name' | 'class'>[],
): { verdict: Verdict; compatibleHosts: string[] } {
  const connected = hosts.filter((host) =>
    host.datastores.some((mount) => mount.id === datastore.id && mount.accessible),
  );
  const compatible = connected.filter((host) => judgeHostForFilters(host, filters).allowed);
  const compatibleHosts = compatible.map((host) => host.id);
  if (compatible.length > 0) return { verdict: verdictOf([]), compatibleHosts };
  const names = filters.map((filter) => filter.name).join(', ');
  const message =
    connected.length === 0
      ? `No host reaches the datastore ${datastore.name}.`
      : `No host connected to ${datastore.name} has ${names}.`;
  const remedy =
    connected.length === 0
      ? `Mount ${datastore.name} on a host.`
      : `Install ${names} on a cluster.`;
  const reason: Reason = { fault: 'ProfileStorageFault', message, remedy, objects: [datastore.id] };
  return { verdict: verdictOf([reason]), compatibleHosts };
}

function missingFilters(host: HostFacts, filters: Pick<DiskFilter, 'name' | 'class'>[]): Reason[] {
  return filters
    .filter((filter) => !hasFilter(host, filter))
    .map((filter) => ({
      fault: 'ProfileStorageFault',
      message:
        `The I/O filter ${filter.name} (${FILTER_CLASSES[filter.class].label}) ` +
        `is not installed on ${host.name}.`,
      remedy:
        host.clusterId === null
          ? `Move ${host.name} into a cluster that has the filter.`
          : `Install ${filter.name} on the cluster, or resolve its installation on ${host.name}.`,
      objects: [host.id],
    }));
}
