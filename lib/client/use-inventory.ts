// Live reads of the inventory: the tree, clusters, hosts, VMs, datastores, and what could go where.
import { type LiveOptions, useCall } from './use-call.ts';

/** What the hosts tell of their flash changes all the time. */
const FLASH_MS = 3_000;

export function useInventory() {
  return useCall('readInventory', {});
}

export function useCluster(id: string, options?: LiveOptions) {
  return useCall('readCluster', { params: { id } }, options);
}

export function useResourcePool(id: string, options?: LiveOptions) {
  return useCall('readResourcePool', { params: { id } }, options);
}

export function useDrs(clusterId: string, options?: LiveOptions) {
  return useCall('readDrs', { params: { id: clusterId } }, options);
}

/** Of so many VMs of the cluster from that one on, by name. */
export function useCompatibilityMatrix(
  clusterId: string,
  page: { offset: number; limit: number },
  options?: LiveOptions,
) {
  const call = { params: { id: clusterId }, query: page };
  return useCall('readCompatibilityMatrix', call, options);
}

export function useHosts() {
  return useCall('listHosts', {});
}

export function useHost(id: string, options?: LiveOptions) {
  return useCall('readHost', { params: { id } }, options);
}

/** The virtual flash resource, asked of the host itself every few seconds. */
export function useHostFlash(id: string) {
  return useCall('readHostFlash', { params: { id } }, { refetchMs: FLASH_MS });
}

export function useClusterFlash(id: string) {
  return useCall('readClusterFlash', { params: { id } }, { refetchMs: FLASH_MS });
}

/** How many VMs there are, are on, have filters. */
export function useVmTotals(place: { clusterId?: string } = {}) {
  return useCall('readVmTotals', { query: place });
}

/** One VM as lists show it; undefined without an id, or when there is no such VM. */
export function useVmSummary(id: string | null) {
  const found = useCall('listVms', { query: { ids: id ?? '' } }, { enabled: id !== null });
  return found.data?.find((vm) => vm.id === id);
}

export function useVm(id: string, options?: LiveOptions) {
  return useCall('readVm', { params: { id } }, options);
}

export function useMigrationTargets(vmId: string, options?: LiveOptions) {
  return useCall('listMigrationTargets', { params: { id: vmId } }, options);
}

/** Every datastore with the verdict on moving the VM's home and disks there. */
export function useStorageTargets(vmId: string, options?: LiveOptions) {
  return useCall('listStorageTargets', { params: { id: vmId } }, options);
}

/** Every host with the verdict on running a clone of the VM. */
export function useCloneTargets(vmId: string, options?: LiveOptions) {
  return useCall('listCloneTargets', { params: { id: vmId } }, options);
}

export function useDatastores() {
  return useCall('listDatastores', {});
}

export function useDatastore(id: string, options?: LiveOptions) {
  return useCall('readDatastore', { params: { id } }, options);
}

/** All VMs of one host, of which its own page shows the first. */
export function useVmsOfHost(hostId: string) {
  return useCall('listVms', { query: { hostId } });
}

/** What any object has: where it stands, its tags and custom attributes, what may be done. */
export function useObject(id: string, options?: LiveOptions) {
  return useCall('readObject', { params: { id } }, options);
}
