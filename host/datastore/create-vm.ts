// Creates the files of a VM: its directory with the .vmx and, for each disk, a thin flat extent and
// a descriptor. Everything is made in a directory beside and renamed into place, so that a crash
// leaves nothing half made.
import { mkdir, readFile, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Random } from '#lib/base/random.ts';
import { FormatError } from '#lib/formats/format-error.ts';
import { formatVmx, parseVmx, vmxValue } from '#lib/formats/vmx/vmx.ts';
import { Fault } from '#lib/model/fault.ts';
import { SECTOR_BYTES } from '#lib/model/limits.ts';
import type { VmRunSpec } from '#lib/wire/agent/host-rpc.ts';
import type { ObjectStore } from '../disk/object-store.ts';
import { checkExtents, readDescriptor } from './descriptor-file.ts';
import { errnoOf } from './errno.ts';
import {
  type DiskContents,
  type DiskFiller,
  discardStaging,
  makeVmDisk,
  type PlacedDisk,
} from './make-vm-disk.ts';
import { uuidInVmx, vmxOf } from './vmx-of-vm.ts';
import { syncDirectory, writeFileDurably } from './write-file.ts';

export interface VmFilesRequest {
  vm: VmRunSpec;
  contents: DiskContents[];
  /** By disk key: what writes the first contents of a disk. */
  fillers?: ReadonlyMap<number, DiskFiller>;
  random: Random;
  /** Disks that are no files. */
  objects?: ObjectStore;
  /** Absolute path of a file of a datastore; throws for datastores that are not mounted. */
  resolve(datastoreId: string, path: string): Promise<string>;
}

/**
 * Makes the files, or leaves those of an existing VM with the same instance UUID as they are.
 * Returns warnings. Throws `AlreadyExists` when other files stand in the way, `NoDiskSpace` and
 * `FileFault`.
 */
export async function createVmFiles(request: VmFilesRequest): Promise<string[]> {
  const { vm, contents, resolve } = request;
  for (const path of [vm.vmxPath, ...vm.disks.map((disk) => disk.path)]) {
    if (path.includes('/')) continue;
    throw new Fault('InvalidArgument', `"${path}" lies in no directory of its own.`);
  }
  const vmxPath = await resolve(vm.datastoreId, vm.vmxPath);
  if (await isThere(vmxPath, vm)) return [];
  const disks: PlacedDisk[] = [];
  for (const disk of vm.disks) {
    const descriptorPath = await resolve(disk.datastoreId, disk.path);
    disks.push({ disk, descriptorPath, contents: contents.find((c) => c.diskKey === disk.key) });
  }
  const home = dirname(vmxPath);
  const elsewhere = new Set(disks.map((disk) => dirname(disk.descriptorPath)));
  elsewhere.delete(home);
  const warnings: string[] = [];
  // The directory with the .vmx comes last: once it is there, the VM is whole.
  for (const directory of [...elsewhere, home]) {
    const here = disks.filter((disk) => dirname(disk.descriptorPath) === directory);
    if (directory !== home && (await holdsAll(here))) continue;
    const vmx = directory === home ? { path: vmxPath, bytes: formatVmx(vmxOf(vm, disks)) } : null;
    warnings.push(...(await makeDirectory({ directory, disks: here, vmx, request })));
  }
  return warnings;
}

async function isThere(vmxPath: string, vm: VmRunSpec): Promise<boolean> {
  const bytes = await readFile(vmxPath).catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  });
  if (bytes === null) return false;
  try {
    if (vmxValue(parseVmx(bytes), 'vc.uuid') === uuidInVmx(vm.instanceUuid)) return true;
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
  }
  throw new Fault('AlreadyExists', `${vmxPath} belongs to another virtual machine.`);
}

/** True when an attempt that died made all these disks already. */
async function holdsAll(disks: PlacedDisk[]): Promise<boolean> {
  for (const { descriptorPath, disk } of disks) {
    try {
      const descriptor = await readDescriptor(descriptorPath);
      await checkExtents(descriptorPath, descriptor);
      const sectors = descriptor.extents.reduce((sum, extent) => sum + extent.sectors, 0);
      if (sectors * SECTOR_BYTES !== disk.capacityBytes) return false;
    } catch (error) {
      if (error instanceof Fault) return false;
      throw error;
    }
  }
  return true;
}

interface DirectoryPlan {
  directory: string;
  disks: PlacedDisk[];
  vmx: { path: string; bytes: Uint8Array } | null;
  request: VmFilesRequest;
}

async function makeDirectory({ directory, disks, vmx, request }: DirectoryPlan): Promise<string[]> {
  const staging = join(
    dirname(directory),
    `.new-${request.vm.instanceUuid}-${basename(directory)}`,
  );
  const warnings: string[] = [];
  try {
    await discardStaging(staging, request.objects);
    await mkdir(staging, { recursive: true });
    for (const disk of disks) warnings.push(...(await makeVmDisk(staging, disk, request)));
    if (vmx) await writeFileDurably(join(staging, basename(vmx.path)), vmx.bytes);
    await syncDirectory(staging);
    await rename(staging, directory);
    await syncDirectory(dirname(directory));
  } catch (error) {
    await discardStaging(staging, request.objects);
    throw creationFault(directory, error);
  }
  return warnings;
}

function creationFault(directory: string, cause: unknown): unknown {
  if (cause instanceof Fault) return cause;
  const errno = errnoOf(cause);
  if (errno === 'ENOSPC') {
    return new Fault('NoDiskSpace', `The datastore is full; ${directory} was not made.`, { cause });
  }
  if (errno === 'ENOTEMPTY' || errno === 'EEXIST' || errno === 'ENOTDIR') {
    const message = `${directory} exists and holds other files.`;
    return new Fault('AlreadyExists', message, { cause });
  }
  return new Fault('FileFault', `${directory} cannot be made: ${errno ?? String(cause)}.`, {
    cause,
  });
}
