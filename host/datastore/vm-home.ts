// The home of a VM on a datastore: its .vmx says which disks it has, its .vmsd which snapshots.
// Both are read here into a layout, and written from one.
import { basename, dirname, isAbsolute, join } from 'node:path';
import { z } from 'zod';
import { FormatError } from '#lib/formats/format-error.ts';
import { capacitySectors } from '#lib/formats/vmdk/descriptor.ts';
import { formatVmsd, parseVmsd, type Vmsd } from '#lib/formats/vmx/vmsd.ts';
import { formatVmx, parseVmx, VMX_BYTES_MAX, type Vmx, vmxValue } from '#lib/formats/vmx/vmx.ts';
import { Fault } from '#lib/model/fault.ts';
import { diskFilterSchema } from '#lib/model/filter.ts';
import type { VirtualDisk } from '#lib/model/inventory.ts';
import { SECTOR_BYTES } from '#lib/model/limits.ts';
import type { Snapshot, VmLayout } from '#lib/wire/agent/disk-rpc.ts';
import type { VmRunSpec } from '#lib/wire/agent/host-rpc.ts';
import { readDescriptor } from './descriptor-file.ts';
import { errnoOf } from './errno.ts';
import { type SmallFiles, systemFiles } from './small-files.ts';

/** Which operation has changed the VM last; what decides after a crash whether it was made. */
const MARK = 'sluice.operation';
/** Where the .vmx is that counts; it stands in one whose VM has moved away. */
const MOVED_TO = 'sluice.movedTo';
const DISK_UNIT = /^(scsi\d:\d{1,2})\.filename$/i;
const FIRST_KEY = 2000;

/** The mounted datastores, as far as paths go. */
export interface DatastorePaths {
  /** Absolute path of a file of a datastore. */
  resolve(datastoreId: string, path: string): Promise<string>;
  /** Which datastore an absolute path lies on. Throws `InvalidDatastore`. */
  locate(path: string): Promise<{ datastoreId: string; path: string }>;
}

export interface VmHome {
  /** Absolute. */
  vmxPath: string;
  vmsdPath: string;
  vmx: Vmx;
  /** Highest snapshot number that was ever given. */
  lastUid: number;
  /** Mark of the last operation; empty before the first. */
  mark: string;
  layout: VmLayout;
}

/**
 * Reads both files. What they do not tell of a disk (key, label, filters with their properties)
 * comes from the spec, by unit. Throws `FileNotFound`, `FileFault` or `InvalidDiskFormat`.
 */
export async function readVmHome(
  vm: VmRunSpec,
  paths: DatastorePaths,
  files: SmallFiles = systemFiles,
): Promise<VmHome> {
  const asked = await paths.resolve(vm.datastoreId, vm.vmxPath);
  const vmxPath = (await movedTo(asked, files)) ?? asked;
  const at = vmxPath === asked ? vm : await homeAt(vmxPath, paths);
  const vmsdPath = vmxPath.replace(/(\.vmx)?$/, '.vmsd');
  const vmx = await readVmx(vmxPath, files);
  const vmsd = await readVmsd(vmsdPath, files);
  const place: Place = { vm, home: dirname(vmxPath), paths, files };
  const disks: VirtualDisk[] = [];
  for (const [key, fileName] of vmx) {
    const unit = DISK_UNIT.exec(key)?.[1]?.toLowerCase();
    if (unit === undefined || isAbsent(vmx, unit)) continue;
    disks.push(await diskAt(place, unit, fileName));
  }
  const snapshots: Snapshot[] = [];
  for (const each of vmsd.snapshots) snapshots.push(await snapshotOf(place, each, disks));
  const layout = {
    datastoreId: at.datastoreId,
    vmxPath: at.vmxPath,
    disks: inOrderOf(vm, disks),
    snapshots,
    currentSnapshotId: vmsd.current,
  };
  const mark = vmxValue(vmx, MARK) ?? '';
  return { vmxPath, vmsdPath, vmx, lastUid: vmsd.lastUid, mark, layout };
}

/**
 * Where the home is to which the VM of a .vmx has moved; null when it counts itself. A host that
 * was away while another moved the VM finds it by this.
 */
export async function movedTo(
  vmxPath: string,
  files: SmallFiles = systemFiles,
): Promise<string | null> {
  return vmxValue(await readVmx(vmxPath, files), MOVED_TO);
}

/** The home as a spec names it. */
export async function homeAt(
  vmxPath: string,
  paths: DatastorePaths,
): Promise<{ datastoreId: string; vmxPath: string }> {
  const { datastoreId, path } = await paths.locate(vmxPath);
  return { datastoreId, vmxPath: path };
}

/** A .vmx that says where the VM is now, for who looks for it here. */
export function movedVmx(vmx: string, to: string): string {
  const entries = new Map(parseVmx(new TextEncoder().encode(vmx)));
  entries.set(MOVED_TO, to);
  return new TextDecoder().decode(formatVmx(entries));
}

/** The mark of a .vmx file; null when there is no such file. */
export async function readMark(
  vmxPath: string,
  files: SmallFiles = systemFiles,
): Promise<string | null> {
  try {
    return vmxValue(await readVmx(vmxPath, files), MARK) ?? '';
  } catch (thrown) {
    if (thrown instanceof Fault && thrown.fault === 'FileNotFound') return null;
    throw thrown;
  }
}

/** The disks of a .vmx by unit, with their absolute paths. */
export async function diskPathsOf(
  vmxPath: string,
  files: SmallFiles = systemFiles,
): Promise<Map<string, string>> {
  const vmx = await readVmx(vmxPath, files);
  const found = new Map<string, string>();
  for (const [key, fileName] of vmx) {
    const unit = DISK_UNIT.exec(key)?.[1]?.toLowerCase();
    if (unit === undefined || isAbsent(vmx, unit)) continue;
    found.set(unit, absolute(dirname(vmxPath), fileName));
  }
  return found;
}

/** Absolute paths of descriptors by `datastore:path`, as the files of a VM spell them. */
export type Spelling = (disk: { datastoreId: string; path: string }) => Promise<string>;

/** A descriptor in the home is named by file name, one elsewhere by absolute path. */
export function spellingFor(home: string, paths: DatastorePaths): Spelling {
  return async ({ datastoreId, path }) => {
    const full = await paths.resolve(datastoreId, path);
    return dirname(full) === home ? basename(full) : full;
  };
}

/** The .vmx with the disks of the layout and the mark of an operation. */
export async function vmxOfLayout(
  { vmx, layout }: Pick<VmHome, 'vmx' | 'layout'>,
  spell: Spelling,
  mark: string,
): Promise<string> {
  const entries = new Map([...vmx].filter(([key]) => !/^scsi\d:\d{1,2}\./i.test(key)));
  for (const key of entries.keys()) if (key.toLowerCase() === MARK) entries.delete(key);
  for (const { unit, ...disk } of layout.disks) {
    const [controller = ''] = unit.split(':');
    entries.set(`${controller}.present`, 'TRUE');
    if (vmxValue(entries, `${controller}.virtualDev`) === null) {
      entries.set(`${controller}.virtualDev`, 'pvscsi');
    }
    entries.set(`${unit}.present`, 'TRUE');
    entries.set(`${unit}.deviceType`, 'scsi-hardDisk');
    entries.set(`${unit}.fileName`, await spell(disk));
  }
  entries.set(MARK, mark);
  return new TextDecoder().decode(formatVmx(entries));
}

/** The .vmsd of a layout. */
export async function vmsdOfLayout(
  layout: VmLayout,
  lastUid: number,
  spell: Spelling,
): Promise<string> {
  const units = new Map(layout.disks.map(({ key, unit }) => [key, unit]));
  const vmsd: Vmsd = { lastUid, current: layout.currentSnapshotId, snapshots: [] };
  for (const { id, parentId, name, disks, ...rest } of layout.snapshots) {
    const spelled = [];
    for (const disk of disks) {
      const node = units.get(disk.key) ?? unitOfKey(disk.key);
      spelled.push({ fileName: await spell(disk), node, device: formatDevice(disk) });
    }
    const { description, createdAt, quiesced } = rest;
    vmsd.snapshots.push({
      ...{ uid: id, parent: parentId, displayName: name },
      ...{ description, createdAt, quiesced, disks: spelled },
    });
  }
  return new TextDecoder().decode(formatVmsd(vmsd));
}

/** What a disk was when its snapshot was taken, for when it comes back. */
const deviceSchema = z.object({ label: z.string(), filters: z.array(diskFilterSchema) });
type Device = Partial<z.infer<typeof deviceSchema>>;

function formatDevice({ label, filters }: Device): string {
  return label === undefined || filters === undefined ? '' : JSON.stringify({ label, filters });
}

/** Nothing for what others have written there, or nobody. */
function parseDevice(text: string): Device {
  if (text === '') return {};
  try {
    return deviceSchema.safeParse(JSON.parse(text)).data ?? {};
  } catch {
    // No JSON: it says nothing to us.
    return {};
  }
}

interface Place {
  vm: VmRunSpec;
  home: string;
  paths: DatastorePaths;
  files: SmallFiles;
}

async function diskAt(place: Place, unit: string, fileName: string): Promise<VirtualDisk> {
  const { vm, home, paths, files } = place;
  const descriptorPath = absolute(home, fileName);
  const at = await paths.locate(descriptorPath);
  const capacityBytes = await capacityOf(descriptorPath, files);
  const known = vm.disks.find((disk) => disk.unit === unit);
  if (known) return { ...known, ...at, capacityBytes };
  const label = `Hard disk at ${unit}`;
  return { key: keyOfUnit(unit), label, unit, ...at, capacityBytes, filters: [] };
}

async function snapshotOf(
  { home, paths, files }: Place,
  { uid, parent, displayName, ...rest }: Vmsd['snapshots'][number],
  present: readonly VirtualDisk[],
): Promise<Snapshot> {
  const disks: Snapshot['disks'] = [];
  for (const { fileName, node, device } of rest.disks) {
    const descriptorPath = absolute(home, fileName);
    const key = present.find((disk) => disk.unit === node)?.key ?? keyOfUnit(node);
    const capacityBytes = await capacityOf(descriptorPath, files);
    const at = await paths.locate(descriptorPath);
    disks.push({ key, ...at, capacityBytes, ...parseDevice(device) });
  }
  const { description, createdAt, quiesced } = rest;
  const name = displayName === '' ? `Snapshot ${uid}` : displayName.slice(0, 80);
  return { id: uid, parentId: parent, name, description, createdAt, quiesced, disks };
}

async function capacityOf(descriptorPath: string, files: SmallFiles): Promise<number> {
  return capacitySectors(await readDescriptor(descriptorPath, files)) * SECTOR_BYTES;
}

/** In the order of the spec; others follow. */
function inOrderOf(vm: VmRunSpec, disks: readonly VirtualDisk[]): VirtualDisk[] {
  const rank = ({ unit }: VirtualDisk): number => {
    const at = vm.disks.findIndex((disk) => disk.unit === unit);
    return at === -1 ? vm.disks.length : at;
  };
  return [...disks].sort((a, b) => rank(a) - rank(b));
}

function isAbsent(vmx: Vmx, unit: string): boolean {
  return vmxValue(vmx, `${unit}.present`)?.toUpperCase() === 'FALSE';
}

/** Of a disk that the controller has not named: fifteen on each controller, as it numbers them. */
function keyOfUnit(unit: string): number {
  const [, bus = '0', slot = '0'] = /^scsi(\d):(\d{1,2})$/i.exec(unit) ?? [];
  const number = Number(slot);
  return FIRST_KEY + Number(bus) * 15 + (number > 7 ? number - 1 : number);
}

/** As the controller numbers them: fifteen on each controller, seven left out. */
export function unitOfKey(key: number): string {
  const index = key - FIRST_KEY;
  const slot = index % 15;
  return `scsi${Math.trunc(index / 15)}:${slot < 7 ? slot : slot + 1}`;
}

function absolute(home: string, fileName: string): string {
  return isAbsolute(fileName) ? fileName : join(home, fileName);
}

async function readVmx(path: string, files: SmallFiles): Promise<Vmx> {
  const bytes = await files.read(path, VMX_BYTES_MAX + 1).catch((cause: unknown) => {
    if (errnoOf(cause) === 'ENOENT') {
      throw new Fault('FileNotFound', `The configuration file ${path} does not exist.`);
    }
    const message = `The configuration file ${path} cannot be read: ${errnoOf(cause)}.`;
    throw new Fault('FileFault', message, { cause });
  });
  return parsed(path, () => parseVmx(bytes));
}

async function readVmsd(path: string, files: SmallFiles): Promise<Vmsd> {
  const bytes = await files.read(path, VMX_BYTES_MAX + 1).catch((cause: unknown) => {
    // A VM that never had a snapshot has none.
    if (errnoOf(cause) === 'ENOENT') return new Uint8Array(0);
    const message = `The file ${path} cannot be read: ${errnoOf(cause)}.`;
    throw new Fault('FileFault', message, { cause });
  });
  return parsed(path, () => parseVmsd(bytes));
}

function parsed<T>(path: string, parse: () => T): T {
  try {
    return parse();
  } catch (thrown) {
    if (!(thrown instanceof FormatError)) throw thrown;
    const where = thrown.position === null ? '' : ` (line ${thrown.position})`;
    throw new Fault('FileFault', `The file ${path} is malformed: ${thrown.message}${where}`);
  }
}
