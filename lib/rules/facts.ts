// The facts that rules judge by. Callers read them from wherever they live; rules read nothing
// themselves.
import type { DiskFilter } from '../model/filter.ts';
import type { FilterClass } from '../model/filter-class.ts';
import type {
  ConnectionState,
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
  datastoreId: string;
  datastoreName: string;
  filters: Pick<DiskFilter, 'name' | 'class'>[];
}

export interface VmFacts {
  id: string;
  name: string;
  hostId: string;
  powerState: PowerState;
  memoryMib: number;
  /** Share of one core, measured over the last minute. */
  cpuUsage: number;
  disks: DiskFacts[];
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
