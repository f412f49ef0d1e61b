// Finds out what VM the files of an import are: by an OVF descriptor, by a .vmx, or as the disks
// that they are. Says which files are still missing, and refuses what is damaged or would reach
// beyond them.
import { IMAGE_HEAD_BYTES, inspectImage } from '../../formats/disk-image/inspect-image.ts';
import { FormatError } from '../../formats/format-error.ts';
import { OVF_BYTES_MAX, parseOvf } from '../../formats/ova/ovf.ts';
import { checkMemberName } from '../../formats/ova/tar-header.ts';
import { parseVmx, VMX_BYTES_MAX, type Vmx, vmxValue } from '../../formats/vmx/vmx.ts';
import { DISK_BYTES_MAX, DISKS_PER_VM_MAX, SECTOR_BYTES } from '../../model/limits.ts';
import type { StagedImport } from './import-store.ts';
import {
  digestOf,
  type PackageFile,
  readHead,
  readSmall,
  verifyManifest,
} from './package-files.ts';

type FoundDisk = StagedImport['disks'][number];
export type FoundVm = Pick<
  StagedImport,
  'name' | 'guestFullName' | 'cpuCount' | 'memoryMib' | 'disks' | 'missing' | 'warnings'
>;

/** What a descriptor says, before its files were looked at. */
interface Described {
  name: string;
  guestFullName: string;
  cpuCount: number | null;
  memoryMib: number | null;
  disks: { label: string; fileName: string | null; capacityBytes: number | null }[];
  warnings: string[];
}

const CPUS_MAX = 128;
const MEMORY_MIB_MAX = 24 * 1024 * 1024;
/** Raw bytes are taken for a disk only by such a name: any file could be meant otherwise. */
const RAW_NAME = /\.(?:raw|img|dd|bin|vmdk)$/i;
/** Companions of a package that are no disks. */
const OTHER_NAME = /\.(?:mf|cert|nvram|vmsd|vmxf|log|iso)$/i;
const DISK_KEY = /^((?:scsi|sata|ide|nvme)\d{1,2}:\d{1,2})\.fileName$/i;

/** Throws a FormatError that says why the files are refused. */
export async function readPackage(files: readonly PackageFile[]): Promise<FoundVm> {
  const described = (await readDescription(files)) ?? (await plainDisks(files));
  if (described.disks.length === 0) throw new FormatError('The files hold no virtual disk.');
  if (described.disks.length > DISKS_PER_VM_MAX) {
    throw new FormatError(`A virtual machine has at most ${DISKS_PER_VM_MAX} disks.`);
  }
  const missing = new Set<string>();
  const warnings = [...described.warnings];
  const disks: FoundDisk[] = [];
  for (const disk of described.disks) {
    const found = await findDisk(disk, files, warnings);
    if (typeof found === 'string') missing.add(found);
    else disks.push(found);
  }
  if (missing.size === 0) await verifyManifest(files);
  return {
    name: nameOf(described, files),
    guestFullName: described.guestFullName,
    cpuCount: Math.min(CPUS_MAX, Math.max(1, described.cpuCount ?? 1)),
    memoryMib: Math.min(MEMORY_MIB_MAX, Math.max(4, described.memoryMib ?? 1024)),
    ...{ disks, missing: [...missing], warnings },
  };
}

async function readDescription(files: readonly PackageFile[]): Promise<Described | null> {
  const ovf = onlyOne(files, '.ovf');
  if (ovf) {
    const system = parseOvf(await readSmall(ovf, OVF_BYTES_MAX));
    return { ...system, warnings: hardwareWarning(files) };
  }
  const vmx = onlyOne(files, '.vmx');
  return vmx ? describeVmx(parseVmx(await readSmall(vmx, VMX_BYTES_MAX))) : null;
}

function onlyOne(files: readonly PackageFile[], extension: string): PackageFile | null {
  const found = files.filter(({ name }) => name.toLowerCase().endsWith(extension));
  if (found.length > 1) throw new FormatError(`There are ${found.length} files *${extension}.`);
  return found[0] ?? null;
}

function hardwareWarning(files: readonly PackageFile[]): string[] {
  const isSigned = files.some(({ name }) => name.toLowerCase().endsWith('.cert'));
  return isSigned ? ['The signature of the package was not verified.'] : [];
}

function describeVmx(vmx: Vmx): Described {
  const warnings: string[] = [];
  const disks: Described['disks'] = [];
  for (const [key, fileName] of vmx) {
    const unit = DISK_KEY.exec(key)?.[1];
    if (unit === undefined || !/\.vmdk$/i.test(fileName)) continue;
    if (/cdrom/i.test(vmxValue(vmx, `${unit}.deviceType`) ?? '')) continue;
    if (/^false$/i.test(vmxValue(vmx, `${unit}.present`) ?? '')) continue;
    checkMemberName(fileName);
    disks.push({ label: `Hard disk ${disks.length + 1}`, fileName, capacityBytes: null });
  }
  return {
    name: vmxValue(vmx, 'displayName') ?? '',
    guestFullName: vmxValue(vmx, 'guestOS') ?? '',
    cpuCount: numberIn(vmx, 'numvcpus'),
    memoryMib: numberIn(vmx, 'memSize'),
    ...{ disks, warnings },
  };
}

function numberIn(vmx: Vmx, key: string): number | null {
  const text = vmxValue(vmx, key) ?? '';
  return /^\d{1,9}$/.test(text) ? Number(text) : null;
}

/** Every file is a disk, but those that are the extents of another. */
async function plainDisks(files: readonly PackageFile[]): Promise<Described> {
  const extents = new Set<string>();
  const images = files.filter(({ name }) => !OTHER_NAME.test(name));
  for (const file of images) {
    const found = within(file, inspectImage, await readHead(file, IMAGE_HEAD_BYTES));
    if (found.kind === 'descriptor') extents.add(found.extentFileName);
  }
  const disks = images
    .filter(({ name }) => !extents.has(name))
    .map(({ name }, index) => ({
      label: `Hard disk ${index + 1}`,
      fileName: name,
      capacityBytes: null,
    }));
  return { name: '', guestFullName: '', cpuCount: null, memoryMib: null, disks, warnings: [] };
}

/** The name of a file that is missing in place of the disk. */
async function findDisk(
  { label, fileName, capacityBytes }: Described['disks'][number],
  files: readonly PackageFile[],
  warnings: string[],
): Promise<FoundDisk | string> {
  if (fileName === null) return emptyDisk(label, capacityBytes);
  checkMemberName(fileName);
  const file = files.find(({ name }) => name === fileName);
  if (!file) return fileName;
  const found = within(file, inspectImage, await readHead(file, IMAGE_HEAD_BYTES));
  if (found.kind === 'image') {
    warnings.push(...found.warnings.map((warning) => `${fileName}: ${warning}`));
    return makeDisk(label, file, found);
  }
  const { extentFileName, capacityBytes: bytes } = found;
  const extent = files.find(({ name }) => name === extentFileName);
  if (!extent) return extentFileName;
  if (extent.sizeBytes !== bytes) {
    const sizes = `${extent.sizeBytes} bytes, and its descriptor says ${bytes}`;
    throw new FormatError(`${extentFileName} has ${sizes}.`);
  }
  return makeDisk(label, extent, { format: 'raw', capacityBytes: bytes });
}

/** With the name of the file in front of what is wrong with it. */
function within(file: PackageFile, inspect: typeof inspectImage, head: Uint8Array) {
  try {
    const found = inspect(head, file.sizeBytes);
    const isRaw = found.kind === 'image' && found.format === 'raw';
    if (!isRaw || RAW_NAME.test(file.name)) return found;
    throw new FormatError('It is no disk image that is known; raw ones are named .raw or .img.');
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw new FormatError(`${file.name}: ${error.message}`, error.position);
  }
}

async function makeDisk(
  label: string,
  file: PackageFile,
  { format, capacityBytes }: { format: NonNullable<FoundDisk['format']>; capacityBytes: number },
): Promise<FoundDisk> {
  const { name: fileName, sizeBytes, offset } = file;
  const sha256 = await digestOf(file, 'sha256');
  const part = { file: file.file, offset, sizeBytes, sha256 };
  return { label, fileName, format, capacityBytes, sizeBytes, part };
}

function emptyDisk(label: string, capacity: number | null): FoundDisk {
  const capacityBytes = Math.ceil((capacity ?? 0) / SECTOR_BYTES) * SECTOR_BYTES;
  if (capacityBytes < SECTOR_BYTES || capacityBytes > DISK_BYTES_MAX) {
    throw new FormatError(`${label} has no file, and no size that a disk can have.`);
  }
  return { label, fileName: null, format: null, capacityBytes, sizeBytes: 0, part: null };
}

/** A name that a VM can have. */
function nameOf({ name }: Described, files: readonly PackageFile[]): string {
  const given = name || (files[0]?.name ?? '').replace(/\.[A-Za-z0-9]{1,6}$/, '');
  const clean = given
    .replaceAll(/[/\\%\p{Cc}]/gu, '-')
    .replace(/^\.+/, '')
    .trim();
  return clean.slice(0, 80).trim() || 'Imported virtual machine';
}
