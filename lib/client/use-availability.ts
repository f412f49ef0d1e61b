// Live reads of vSphere HA.
import { useCall } from './use-call.ts';

export function useHa(clusterId: string) {
  return useCall('readHa', { params: { id: clusterId } });
}
