// Where a VM is, and which disks it has, as the simulated controller learns of them.
import type { VmRunSpec } from '#lib/wire/agent/host-rpc.ts';
import { unitOfKey } from '../../datastore/vm-home.ts';
import type { SimVm } from '../fleet.ts';
import type { VmFiles } from '../vm-files.ts';
import { SECTOR } from '../volume.ts';

/** The VM's home as the controller learns of it. */
export function homeKnown(vm: SimVm, files: VmFiles): Pick<VmRunSpec, 'datastoreId' | 'vmxPath'> {
  const [, datastoreId = '', ...path] = files.homeOf(vm.id).split('/');
  return { datastoreId, vmxPath: path.join('/') };
}

/** The VM's disks as the controller learns of them. */
export function known(vm: SimVm, files: VmFiles): VmRunSpec['disks'] {
  return [...files.disksOf(vm.id)].map(([key, full]) => {
    const before = vm.spec.disks.find((disk) => disk.key === key);
    const [, datastoreId = '', ...path] = full.split('/');
    const unit = unitOfKey(key);
    const place = { datastoreId, path: path.join('/') };
    const fresh = { key, label: `Hard disk at ${unit}`, unit, capacityBytes: SECTOR, filters: [] };
    return { ...(before ?? fresh), ...place };
  });
}
