// The facts that rules judge by. Callers read them from wherever they live; rules read nothing
// themselves.
import type { Provisioning } from '../model/disk-storage.ts';
import type { DiskFilter } from '../model/filter.ts';
import type { FilterClass } from '../model/filter-class.ts';
import type {
  ConnectionState,
  DatastoreType,
  DrsConfig,
  HostFilterState,
  MaintenanceState,
  PowerState,
} from '../model/inventory.ts';

export interface HostFilterFacts {
  name: string;
  class: FilterClass;
  vendor: string;
  version: string;
  available: boolean;
}

export interface HostFacts {
  id: string;
  name: string;
  clusterId: string | null;
  connectionState: ConnectionState;
  maintenanceState: MaintenanceState;
  /** Null until the host has reported. */
  version: string | null;
  filters: HostFilterFacts[];
  datastores: { id: string; name: string; accessible: boolean }[];
  cpuCores: number;
  memoryMib: number;
  /** Configured memory of its powered-on VMs, MiB. */
  memoryGrantedMib: number;
  /** Cores in use by its VMs' worlds, measured. */
  cpuUsage: number;
}

export interface DiskFacts {
  key: number;
  label: string;
  /** Controller address, `scsi0:0`. */
  unit: string;
  datastoreId: string;
  datastoreName: string;
  /** Of the descriptor inside the datastore. */
  path: string;
  capacityBytes: number;
  /** What all its files take; null until its host has said. */
  usedBytes: number | null;
  provisioning: Provisioning;
  filters: Pick<DiskFilter, 'name' | 'class'>[];
}

export interface SnapshotFacts {
  id: number;
  parentId: number | null;
  name: string;
  disks: { key: number; datastoreId: string; path: string }[];
  /** Linked clones that build on it. */
  linkedClones: { id: string; name: string }[];
}

export interface DatastoreFacts {
  id: string;
  name: string;
  datacenterId: string;
  type: DatastoreType;
  capacityBytes: number;
  freeBytes: number;
}

export interface VmFacts {
  id: string;
  name: string;
  hostId: string;
  powerState: PowerState;
  /** Powered on as far as it was asked for, but its process was given up. */
  isFaulted: boolean;
  /** The datastore on which its writes wait for room; null when none does. */
  waitsForSpaceOn: { id: string; name: string } | null;
  memoryMib: number;
  /** Share of one core, measured over the last minute. */
  cpuUsage: number;
  isTemplate: boolean;
  /** Where the .vmx file is. */
  datastoreId: string;
  datastoreName: string;
  vmxPath: string;
  disks: DiskFacts[];
  /** By id: parents before children. */
  snapshots: SnapshotFacts[];
  currentSnapshotId: number | null;
  /** Redo logs that no snapshot needs wait to be merged. */
  consolidationNeeded: boolean;
  /** Of a linked clone: what it builds on. */
  linkedTo: { vmId: string; snapshotId: number } | null;
  /** What stands in for it since a failover; left out or null: nothing does. */
  replacedBy?: { id: string; name: string } | null;
}

export interface ClusterFacts {
  id: string;
  name: string;
  drs: DrsConfig;
  /** Filters that the cluster's hosts shall have, with the state on each host. */
  filters: {
    filterId: string;
    name: string;
    vendor: string;
    type: FilterClass;
    hosts: { hostId: string; state: HostFilterState }[];
  }[];
}
