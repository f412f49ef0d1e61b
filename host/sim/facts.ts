// The facts by which the simulated controller judges, with the product's own rules, where a VM may
// run.

import type { PowerState } from '#lib/model/inventory.ts';
import type { HostFacts, VmFacts } from '#lib/rules/facts.ts';
import type { VmRunSpec } from '#lib/wire/agent/host-rpc.ts';
import type { SimHost } from './machine.ts';
import { DATASTORES } from './sim-datastores.ts';

const MEMORY_MIB = 4096;

export interface JudgedVm {
  id: string;
  spec: VmRunSpec;
  home: SimHost;
  power: PowerState;
}

export function hostFacts(
  host: SimHost,
  parts: { reachable: boolean; spec: VmRunSpec },
): HostFacts {
  const { reachable, spec } = parts;
  const filters = spec.disks.flatMap((disk) => disk.filters);
  return {
    ...{ id: host.name, name: host.name, clusterId: null, version: '8.0.0' },
    connectionState: reachable ? 'connected' : 'notResponding',
    maintenanceState: 'normal',
    // Every simulated host has the code of every filter.
    filters: filters.map(({ name, class: filterClass }) => ({
      ...{ name, class: filterClass, vendor: 'sluice', version: '1.0.0', available: true },
    })),
    datastores: DATASTORES.map((id) => ({ id, name: id, accessible: !host.cutOff })),
    ...{ cpuCores: 4, memoryMib: MEMORY_MIB, memoryGrantedMib: 0, cpuUsage: 0 },
  };
}

export function vmFacts({ id, spec, home, power }: JudgedVm): VmFacts {
  const { datastoreId, vmxPath, memoryMib } = spec;
  return {
    ...{ id, name: id, hostId: home.name, powerState: power, isFaulted: false },
    ...{ waitsForSpaceOn: null, memoryMib, cpuUsage: 0, isTemplate: false },
    ...{ datastoreId, datastoreName: datastoreId, vmxPath },
    disks: spec.disks.map((disk) => ({
      ...{ key: disk.key, label: disk.label, unit: disk.unit, datastoreId: disk.datastoreId },
      ...{ datastoreName: disk.datastoreId, path: disk.path, capacityBytes: disk.capacityBytes },
      ...{ usedBytes: null, provisioning: 'thin', filters: disk.filters },
    })),
    ...{ snapshots: [], currentSnapshotId: null, consolidationNeeded: false, linkedTo: null },
  };
}
