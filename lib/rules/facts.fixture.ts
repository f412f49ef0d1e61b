// Facts for the tests of the rules: a host and a VM in good order, to be bent by each case.
import { GIB } from '../model/limits.ts';
import type {
  ClusterFacts,
  DatastoreFacts,
  DiskFacts,
  HostFacts,
  SnapshotFacts,
  VmFacts,
} from './facts.ts';

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
    isFaulted: false,
    waitsForSpaceOn: null,
    memoryMib: 2_048,
    cpuUsage: 0,
    isTemplate: false,
    datastoreId: 'datastore-1',
    datastoreName: 'vmfs-01',
    vmxPath: 'web01/web01.vmx',
    disks: [diskFacts()],
    snapshots: [],
    currentSnapshotId: null,
    consolidationNeeded: false,
    linkedTo: null,
    ...more,
  };
}

export function diskFacts(more: Partial<DiskFacts> = {}): DiskFacts {
  return {
    key: 2000,
    label: 'Hard disk 1',
    unit: 'scsi0:0',
    datastoreId: 'datastore-1',
    datastoreName: 'vmfs-01',
    path: 'web01/web01.vmdk',
    capacityBytes: GIB,
    usedBytes: GIB / 4,
    provisioning: 'thin',
    filters: [{ name: 'trace', class: 'inspection' }],
    ...more,
  };
}

export function snapshotFacts(more: Partial<SnapshotFacts> & { id: number }): SnapshotFacts {
  return {
    parentId: null,
    name: `Snapshot ${more.id}`,
    disks: [{ key: 2000, datastoreId: 'datastore-1', path: 'web01/web01.vmdk' }],
    linkedClones: [],
    ...more,
  };
}

export function datastoreFacts(more: Partial<DatastoreFacts> & { id: string }): DatastoreFacts {
  return {
    name: more.id.replace('datastore-', 'vmfs-0'),
    datacenterId: 'datacenter-1',
    type: 'VMFS',
    capacityBytes: 100 * GIB,
    freeBytes: 50 * GIB,
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
