// May this host run this VM, and if not, for which reasons? The one judgement behind power-on,
// vMotion, DRS and maintenance mode. A destination needs a compatible filter: the same name and
// class, available; versions may differ, as they must during a rolling upgrade (vSphere Storage,
// "Migrating Virtual Machines with I/O Filters").

import type { Reason } from '../model/fault.ts';
import { FILTER_CLASSES } from '../model/filter-class.ts';
import { type Verdict, verdictOf } from '../model/verdict.ts';
import type { HostFacts, VmFacts } from './facts.ts';
import { withoutFilters } from './hosts/host-version.ts';
import { waitingReasons } from './storage/vm-reasons.ts';

/** Whether the host can run the VM, whatever its power state now. */
export function judgePlacement(vm: VmFacts, host: HostFacts): Verdict {
  return verdictOf([
    ...connectionReasons(host),
    ...datastoreReasons(vm, host),
    ...filterReasons(vm, host),
    ...memoryReasons(vm, host),
  ]);
}

/**
 * Whether the VM can move from its host to the target: live when it is on, by re-registration when
 * off.
 */
export function judgeMigration(vm: VmFacts, source: HostFacts, target: HostFacts): Verdict {
  if (source.id === target.id) {
    return verdictOf([
      {
        fault: 'InvalidArgument',
        message: `${vm.name} is on ${target.name} already.`,
        objects: [target.id],
      },
    ]);
  }
  const isOn = vm.powerState === 'poweredOn';
  // What is off needs memory when it is powered on, and is judged then.
  const { reasons } = judgePlacement(isOn ? vm : { ...vm, memoryMib: 0 }, target);
  reasons.push(...waitingReasons(vm));
  if (isOn && source.connectionState !== 'connected') {
    reasons.unshift({
      fault: 'HostNotConnected',
      message: `${vm.name} runs on ${source.name}, which is not connected.`,
      remedy: `Reconnect ${source.name}.`,
      objects: [source.id],
    });
  }
  return verdictOf(reasons);
}

function connectionReasons(host: HostFacts): Reason[] {
  if (host.connectionState !== 'connected') {
    const state = host.connectionState === 'disconnected' ? 'disconnected' : 'not responding';
    return [
      {
        fault: 'HostNotConnected',
        message: `${host.name} is ${state}.`,
        remedy: `Reconnect ${host.name}.`,
        objects: [host.id],
      },
    ];
  }
  if (host.maintenanceState === 'normal') return [];
  const state = host.maintenanceState === 'entering' ? 'is entering' : 'is in';
  return [
    {
      fault: 'HostInMaintenanceMode',
      message: `${host.name} ${state} maintenance mode.`,
      remedy: `Exit maintenance mode on ${host.name}.`,
      objects: [host.id],
    },
  ];
}

function datastoreReasons(vm: VmFacts, host: HostFacts): Reason[] {
  const reasons = new Map<string, Reason>();
  const { datastoreId, datastoreName } = vm;
  const home = { datastoreId, datastoreName, label: `the configuration of ${vm.name}` };
  for (const disk of [...vm.disks, home]) {
    if (reasons.has(disk.datastoreId)) continue;
    const mounted = host.datastores.find((datastore) => datastore.id === disk.datastoreId);
    if (mounted?.accessible) continue;
    const how = mounted ? 'cannot reach' : 'does not mount';
    reasons.set(disk.datastoreId, {
      fault: 'InvalidDatastore',
      message:
        `${host.name} ${how} the datastore ${disk.datastoreName}, ` + `which holds ${disk.label}.`,
      remedy: `Mount ${disk.datastoreName} on ${host.name}.`,
      objects: [host.id, disk.datastoreId],
    });
  }
  return [...reasons.values()];
}

function filterReasons(vm: VmFacts, host: HostFacts): Reason[] {
  const tooOld = vm.disks.some(({ filters }) => filters.length > 0) ? withoutFilters(host) : [];
  if (tooOld.length > 0) return tooOld;
  return vm.disks.flatMap((disk) =>
    disk.filters
      .filter((filter) => !hasFilter(host, filter))
      .map(
        (filter): Reason => ({
          fault: 'GenericVmConfigFault',
          message:
            `The I/O filter ${filter.name} (${FILTER_CLASSES[filter.class].label}) ` +
            `of ${disk.label} is not installed on ${host.name}.`,
          remedy:
            host.clusterId === null
              ? `Move ${host.name} into a cluster that has the filter.`
              : `Install ${filter.name} on the cluster, or resolve it on ${host.name}.`,
          objects: [host.id],
        }),
      ),
  );
}

/** Whether an available filter of that name and class is in the host's image. */
export function hasFilter(
  host: HostFacts,
  wanted: { name: string; class: HostFacts['filters'][number]['class'] },
): boolean {
  return host.filters.some(
    (filter) => filter.name === wanted.name && filter.class === wanted.class && filter.available,
  );
}

function memoryReasons(vm: VmFacts, host: HostFacts): Reason[] {
  const there = vm.hostId === host.id && vm.powerState === 'poweredOn' ? vm.memoryMib : 0;
  const free = host.memoryMib - host.memoryGrantedMib + there;
  if (vm.memoryMib <= free) return [];
  return [
    {
      fault: 'GenericVmConfigFault',
      message: `${host.name} has ${free} MiB of memory left; ${vm.name} needs ${vm.memoryMib} MiB.`,
      objects: [host.id],
    },
  ];
}
