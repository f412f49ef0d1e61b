// The .vmx entries of a VM, by the names that VMware's products use.
import { basename, dirname } from 'node:path';
import type { Vmx } from '#lib/formats/vmx/vmx.ts';
import type { VmRunSpec } from '#lib/wire/agent/host-rpc.ts';

interface DiskAt {
  disk: VmRunSpec['disks'][number];
  /** Absolute. */
  descriptorPath: string;
}

/**
 * `disks` are those of the VM, with where they are; a disk in the VM's own directory is named by
 * file name.
 */
export function vmxOf(vm: VmRunSpec, disks: DiskAt[]): Vmx {
  const entries = new Map([
    ['.encoding', 'UTF-8'],
    ['config.version', '8'],
    ['virtualHW.version', '21'],
    ['displayName', vm.name],
    ['guestOS', 'other6xlinux-64'],
    ['numvcpus', String(vm.cpuCount)],
    ['memSize', String(vm.memoryMib)],
    ['vc.uuid', uuidInVmx(vm.instanceUuid)],
  ]);
  for (const controller of new Set(vm.disks.map((disk) => disk.unit.split(':')[0]))) {
    entries.set(`${controller}.present`, 'TRUE');
    entries.set(`${controller}.virtualDev`, 'pvscsi');
  }
  for (const { disk, descriptorPath } of disks) {
    const sameDatastore = disk.datastoreId === vm.datastoreId;
    const inHome = sameDatastore && dirname(disk.path) === dirname(vm.vmxPath);
    entries.set(`${disk.unit}.present`, 'TRUE');
    entries.set(`${disk.unit}.deviceType`, 'scsi-hardDisk');
    entries.set(`${disk.unit}.fileName`, inHome ? basename(disk.path) : descriptorPath);
  }
  return entries;
}

/** A UUID as .vmx files spell it: `52 3e 1c … -…`. */
export function uuidInVmx(uuid: string): string {
  const bytes = uuid.replaceAll('-', '').toLowerCase().match(/../g) ?? [];
  return `${bytes.slice(0, 8).join(' ')}-${bytes.slice(8).join(' ')}`;
}
