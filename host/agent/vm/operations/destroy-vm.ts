// Deletes a VM that is off: its disks with their snapshots, its own files, and its directories when
// they are empty then. The .vmx goes last, so that a deletion that was cut off can be made again.
import { rm, rmdir, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Fault } from '#lib/model/fault.ts';
import type { VmRunSpec } from '#lib/wire/agent/host-rpc.ts';
import { deleteDisk } from '../../../datastore/delete-disk.ts';
import { acquireDiskLock } from '../../../datastore/disk-lock.ts';
import { errnoOf } from '../../../datastore/errno.ts';
import { readVmHome } from '../../../datastore/vm-home.ts';
import { syncDirectory } from '../../../datastore/write-file.ts';
import type { HostContext } from '../../host-context.ts';
import type { VmSet } from '../vm-set.ts';
import { chainOf, isOwn, readDiskTree } from './disk-tree.ts';

/** Idempotent. */
export async function destroyVm(host: HostContext, vms: VmSet, vm: VmRunSpec): Promise<void> {
  const runner = vms.find(vm.vmId);
  if (!runner) return destroyFiles(host, vms, vm);
  await runner.exclusively(async () => {
    if (runner.record.desired !== 'poweredOff' || runner.record.place === 'incoming') {
      throw new Fault('InvalidPowerState', `${vm.name} is not off.`);
    }
    await runner.stopWorld();
    await runner.settle();
    await destroyFiles(host, vms, vm);
    await vms.forget(runner);
  });
}

async function destroyFiles(host: HostContext, vms: VmSet, vm: VmRunSpec): Promise<void> {
  const home = await readVmHome(vm, host.datastores).catch((thrown: unknown) => {
    if (thrown instanceof Fault && thrown.fault === 'FileNotFound') return null;
    throw thrown;
  });
  if (home === null) return;
  const tree = await readDiskTree(home.layout, host.datastores);
  const own = [...tree.parents.keys()].filter((path) => isOwn(tree, path));
  await requireUnused(vms, vm, own, host);
  await requireUnlocked(host, vm, [...tree.running.values()]);
  for (const path of own) await deleteDisk(path, host.objects);
  const { vmxPath, vmsdPath } = home;
  for (const path of [vmsdPath, vmxPath.replace(/(\.vmx)?$/, '.vmss')]) {
    await rm(path, { force: true });
  }
  await unlink(vmxPath);
  await syncDirectory(dirname(vmxPath));
  const folders = new Set([...own.map((path) => dirname(path)), dirname(vmxPath)]);
  for (const folder of folders) {
    await rmdir(folder).catch((error: unknown) => {
      // Somebody keeps other files there.
      const errno = errnoOf(error) ?? '';
      if (!['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes(errno)) throw error;
    });
  }
}

/** Throws `ResourceInUse` when a VM that this host knows builds on one of the disks. */
async function requireUnused(
  vms: VmSet,
  vm: VmRunSpec,
  own: readonly string[],
  host: HostContext,
): Promise<void> {
  for (const { record } of vms.list()) {
    if (record.spec.vmId === vm.vmId) continue;
    for (const { datastoreId, path } of record.spec.disks) {
      const full = await host.datastores.resolve(datastoreId, path).catch(() => null);
      const chain = full === null ? [] : await chainOf(full).catch(() => []);
      if (!chain.some((each) => own.includes(each))) continue;
      const message = `${record.spec.name} is a linked clone of ${vm.name} and needs its disks.`;
      throw new Fault('ResourceInUse', message, { data: { vmId: record.spec.vmId } });
    }
  }
}

/** Throws `FileLocked` when a disk is in use on another host. */
async function requireUnlocked(
  { clock, random, who }: HostContext,
  { vmId }: VmRunSpec,
  paths: readonly string[],
): Promise<void> {
  for (const descriptorPath of paths) {
    const owner = { ...who(), vmId };
    const lock = await acquireDiskLock({ descriptorPath, owner, clock, random });
    await lock.release();
  }
}
