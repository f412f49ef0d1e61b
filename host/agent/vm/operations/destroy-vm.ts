// Deletes a VM that is off: its disks with their snapshots, its own files, and its directories when
// they are empty then. The .vmx goes last, so that a deletion that was cut off can be made again.
import { dirname } from 'node:path';
import { Fault } from '#lib/model/fault.ts';
import type { VmRunSpec } from '#lib/wire/agent/host-rpc.ts';
import { deleteDisk } from '../../../datastore/delete-disk.ts';
import { acquireDiskLock } from '../../../datastore/disk-lock.ts';
import { errnoOf } from '../../../datastore/errno.ts';
import type { SmallFiles } from '../../../datastore/small-files.ts';
import { readVmHome } from '../../../datastore/vm-home.ts';
import { sparePathOf } from '../../../datastore/vmx/vmx-spare.ts';
import type { OperatedVm, OperatingHost } from '../operated-vm.ts';
import { isOwn, readDiskTree } from './disk-tree.ts';
import { requireNoLinkedClones } from './linked-clones.ts';

interface EndingVm extends OperatedVm {
  stopWorld(): Promise<void>;
}

/** The VMs of a host, of which one is about to be none any more. */
interface EndingVms<Vm extends EndingVm> {
  find(vmId: string): Vm | null;
  forget(vm: Vm): Promise<void>;
}

/** Idempotent. */
export async function destroyVm<Vm extends EndingVm>(
  host: OperatingHost,
  vms: EndingVms<Vm>,
  vm: VmRunSpec,
): Promise<void> {
  const runner = vms.find(vm.vmId);
  if (!runner) return destroyFiles(host, vm);
  await runner.exclusively(async () => {
    if (runner.record.desired !== 'poweredOff' || runner.record.place === 'incoming') {
      throw new Fault('InvalidPowerState', `${vm.name} is not off.`);
    }
    await runner.stopWorld();
    await runner.settle();
    await destroyFiles(host, vm);
    await vms.forget(runner);
  });
}

async function destroyFiles(host: OperatingHost, vm: VmRunSpec): Promise<void> {
  const { datastores, files } = host;
  const home = await readVmHome(vm, datastores, files).catch((thrown: unknown) => {
    if (thrown instanceof Fault && thrown.fault === 'FileNotFound') return null;
    throw thrown;
  });
  if (home === null) return;
  const tree = await readDiskTree(home.layout, datastores, files);
  const own = [...tree.parents.keys()].filter((path) => isOwn(tree, path));
  await requireNoLinkedClones(host, own, `${vm.name} cannot be deleted`);
  await requireUnlocked(host, vm, [...tree.running.values()]);
  for (const path of own) await deleteDisk(path, host.objects, files);
  const { vmxPath, vmsdPath } = home;
  const others = [vmsdPath, vmxPath.replace(/(\.vmx)?$/, '.vmss'), sparePathOf(vmxPath)];
  // Of a commit whose process had lost the VM in the middle of it.
  others.push(`${vmxPath}.new`, `${vmsdPath}.new`);
  for (const path of others) await remove(path, files);
  await remove(vmxPath, files);
  // One that has moved, and whose host has not tidied up where it was.
  const asked = await datastores.resolve(vm.datastoreId, vm.vmxPath);
  if (asked !== vmxPath) for (const path of [sparePathOf(asked), asked]) await remove(path, files);
  await files.syncDirectory(dirname(vmxPath));
  const folders = new Set([...own.map((path) => dirname(path)), dirname(vmxPath)]);
  for (const folder of folders) {
    await files.removeDirectory(folder).catch((error: unknown) => {
      // Somebody keeps other files there.
      const errno = errnoOf(error) ?? '';
      if (!['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes(errno)) throw error;
    });
  }
}

async function remove(path: string, files: SmallFiles): Promise<void> {
  await files.remove(path).catch((error: unknown) => {
    if (errnoOf(error) !== 'ENOENT') throw error;
  });
}

/** Throws `FileLocked` when a disk is in use on another host. */
async function requireUnlocked(
  { clock, random, who, files }: OperatingHost,
  { vmId }: VmRunSpec,
  paths: readonly string[],
): Promise<void> {
  for (const descriptorPath of paths) {
    const owner = { ...who(), vmId };
    const lock = await acquireDiskLock({ descriptorPath, owner, clock, random, files });
    await lock.release();
  }
}
