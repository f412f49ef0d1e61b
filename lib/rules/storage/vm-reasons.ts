// Reasons that several rules about virtual machines give in the same words.
import type { Reason } from '../../model/fault.ts';
import type { DatastoreFacts, HostFacts, VmFacts } from '../facts.ts';

/** Its host must be connected: it does the work. */
export function hostReasons(vm: VmFacts, host: HostFacts): Reason[] {
  if (host.connectionState === 'connected') return [];
  return [
    {
      fault: 'HostNotConnected',
      message: `${host.name}, the host of ${vm.name}, is not connected.`,
      remedy: `Reconnect ${host.name}.`,
      objects: [host.id],
    },
  ];
}

/** A template stays as it is until it is a virtual machine again. */
export function templateReasons(vm: VmFacts): Reason[] {
  if (!vm.isTemplate) return [];
  return [
    {
      fault: 'InvalidState',
      message: `${vm.name} is a template.`,
      remedy: `Convert ${vm.name} to a virtual machine, or deploy one from it.`,
      objects: [vm.id],
    },
  ];
}

/** Its state on disk belongs to the moment at which it was suspended. */
export function suspendedReasons(vm: VmFacts): Reason[] {
  if (vm.powerState !== 'suspended') return [];
  return [
    {
      fault: 'InvalidPowerState',
      message: `${vm.name} is suspended, so its disks must stay as they are.`,
      remedy: `Power ${vm.name} on or off first.`,
      objects: [vm.id],
    },
  ];
}

/** Its I/O cannot be brought to stand still: writes are under way and wait for room. */
export function waitingReasons(vm: VmFacts): Reason[] {
  const { waitsForSpaceOn: place } = vm;
  if (place === null) return [];
  return [
    {
      fault: 'NoDiskSpace',
      message: `${vm.name} waits for space on ${place.name}, so its I/O does not come to rest.`,
      remedy:
        `Make space on ${place.name}, move disks of ${vm.name} to another datastore, ` +
        `or power off ${vm.name}.`,
      objects: [vm.id, place.id],
    },
  ];
}

/** Why nothing may be done to its disks now, whatever it is. */
export function diskWorkReasons(vm: VmFacts, host: HostFacts): Reason[] {
  return [...mergeReasons(vm, host), ...waitingReasons(vm)];
}

/** The same for what makes room, and may be done while the VM waits for some. */
export function mergeReasons(vm: VmFacts, host: HostFacts): Reason[] {
  return [...hostReasons(vm, host), ...templateReasons(vm), ...suspendedReasons(vm)];
}

/** Linked clones that build on one of the VM's snapshots, or on one of those named. */
export function linkedCloneReasons(
  vm: VmFacts,
  what: string,
  ids: readonly number[] | null = null,
): Reason[] {
  return vm.snapshots
    .filter(({ id }) => ids === null || ids.includes(id))
    .flatMap((snapshot) =>
      snapshot.linkedClones.map(
        (clone): Reason => ({
          fault: 'ResourceInUse',
          message:
            `${clone.name} is a linked clone that builds on the snapshot “${snapshot.name}” ` +
            `of ${vm.name}, so ${what}.`,
          remedy: `Delete ${clone.name} first.`,
          objects: [clone.id],
        }),
      ),
    );
}

/** Refused because the disks of a linked clone are redo logs: `what` completes “…, so ”. */
export function linkedChainReasons(vm: VmFacts, what: string): Reason[] {
  if (!vm.linkedTo) return [];
  return [
    {
      fault: 'InvalidState',
      message: `${vm.name} is a linked clone, whose disks build on another VM's, so ${what}.`,
      remedy: `Make a full clone of ${vm.name}, and work with that.`,
      objects: [vm.id, vm.linkedTo.vmId],
    },
  ];
}

/** The host must mount the datastore and reach it. */
export function mountReasons(
  host: HostFacts,
  datastore: Pick<DatastoreFacts, 'id' | 'name'>,
): Reason[] {
  const mounted = host.datastores.find(({ id }) => id === datastore.id);
  if (mounted?.accessible) return [];
  const how = mounted ? 'cannot reach' : 'does not mount';
  return [
    {
      fault: 'InvalidDatastore',
      message: `${host.name} ${how} the datastore ${datastore.name}.`,
      remedy: `Mount ${datastore.name} on ${host.name}.`,
      objects: [host.id, datastore.id],
    },
  ];
}

/** So many bytes must be free there. */
export function spaceReasons(datastore: DatastoreFacts, neededBytes: number): Reason[] {
  if (neededBytes <= datastore.freeBytes) return [];
  return [
    {
      fault: 'NoDiskSpace',
      message:
        `${datastore.name} has ${inGib(datastore.freeBytes)} free; ` +
        `${inGib(neededBytes)} are needed.`,
      remedy: `Free space on ${datastore.name}, or choose another datastore.`,
      objects: [datastore.id],
    },
  ];
}

/** 1.5 GiB; small numbers in MiB. */
export function inGib(bytes: number): string {
  const mib = bytes / 1024 ** 2;
  return mib < 1024 ? `${Math.ceil(mib)} MiB` : `${(mib / 1024).toFixed(1)} GiB`;
}
