// Facts for the tests of the rules: a host and a VM in good order, to be bent by each case.
import type { ClusterFacts, HostFacts, VmFacts } from './facts.ts';

export function hostFacts(more: Partial<HostFacts> & { id: string }): HostFacts {
  return {
    name: more.id.replace('host-', 'esx0'),
    clusterId: 'domain-c1',
    connectionState: 'connected',
    maintenanceState: 'normal',
    version: '6.0.2',
    filters: [
      { name: 'trace', class: 'inspection', vendor: 'SLU', version: '1.0.0', available: true },
    ],
    datastores: [{ id: 'datastore-1', name: 'vmfs-01', accessible: true }],
    cpuCores: 4,
    memoryMib: 16_384,
    memoryGrantedMib: 0,
    cpuUsage: 0,
    ...more,
  };
}

export function vmFacts(more: Partial<VmFacts> & { id: string }): VmFacts {
  return {
    name: more.id.replace('vm-', 'web0'),
    hostId: 'host-1',
    powerState: 'poweredOn',
    memoryMib: 2_048,
    cpuUsage: 0,
    disks: [
      {
        key: 2000,
        label: 'Hard disk 1',
        datastoreId: 'datastore-1',
        datastoreName: 'vmfs-01',
        filters: [{ name: 'trace', class: 'inspection' }],
      },
    ],
    ...more,
  };
}

export function clusterFacts(more: Partial<ClusterFacts> = {}): ClusterFacts {
  return {
    id: 'domain-c1',
    name: 'Prod',
    drs: { enabled: true, behavior: 'partiallyAutomated', threshold: 3 },
    filters: [
      { filterId: 'SLU_trace_1.0.0', name: 'trace', vendor: 'SLU', type: 'inspection', hosts: [] },
    ],
    ...more,
  };
}
