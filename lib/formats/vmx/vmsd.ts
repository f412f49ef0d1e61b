// VMSD: the snapshots of a virtual machine, a dictionary like a .vmx (vmx.ts): snapshot.lastUID,
// snapshot.current, snapshot.numSnapshots, and for each snapshotN.uid, .parent, .displayName,
// .description, .createTimeHigh and .createTimeLow (microseconds, two signed 32-bit halves),
// .numDisks, .diskM.fileName and .diskM.node. `.quiesced` and `.diskM.device` are ours: others keep
// those in the .vmsn.
import { FormatError } from '../format-error.ts';
import { formatVmx, parseVmx, type Vmx, vmxValue } from './vmx.ts';

const SNAPSHOTS_MAX = 1024;
const DISKS_MAX = 256;

export interface VmsdDisk {
  /** Beside the .vmsd by name, elsewhere by absolute path. */
  fileName: string;
  /** Controller address: `scsi0:0`. */
  node: string;
  /** Whatever else the writer keeps of the disk as it was then; empty when nothing. */
  device: string;
}

export interface VmsdSnapshot {
  /** From 1. */
  uid: number;
  parent: number | null;
  displayName: string;
  description: string;
  /** Milliseconds since the Unix epoch. */
  createdAt: number;
  quiesced: boolean;
  disks: VmsdDisk[];
}

export interface Vmsd {
  /** The highest number that was ever given. */
  lastUid: number;
  /** The snapshot that the running state descends from. */
  current: number | null;
  snapshots: VmsdSnapshot[];
}

/** Throws a FormatError for what is malformed or names snapshots that are not there. */
export function parseVmsd(bytes: Uint8Array): Vmsd {
  const entries = parseVmx(bytes);
  const count = numberOf(entries, 'snapshot.numSnapshots', SNAPSHOTS_MAX) ?? 0;
  const snapshots: VmsdSnapshot[] = [];
  for (let index = 0; index < count; index++) snapshots.push(readSnapshot(entries, index));
  const highest = Math.max(0, ...snapshots.map(({ uid }) => uid));
  const lastUid = numberOf(entries, 'snapshot.lastUID', 2 ** 31 - 1) ?? highest;
  const vmsd = {
    lastUid: Math.max(highest, lastUid),
    current: numberOf(entries, 'snapshot.current', 2 ** 31 - 1) || null,
    snapshots,
  };
  checkTree(vmsd);
  return vmsd;
}

/** Throws a FormatError when it would not read back. */
export function formatVmsd(vmsd: Vmsd): Uint8Array {
  checkTree(vmsd);
  const entries = new Map([
    ['.encoding', 'UTF-8'],
    ['snapshot.lastUID', String(vmsd.lastUid)],
    ['snapshot.numSnapshots', String(vmsd.snapshots.length)],
  ]);
  if (vmsd.current !== null) entries.set('snapshot.current', String(vmsd.current));
  for (const [index, snapshot] of vmsd.snapshots.entries()) {
    for (const [key, value] of linesOf(snapshot)) entries.set(`snapshot${index}.${key}`, value);
  }
  return formatVmx(entries);
}

function readSnapshot(entries: Vmx, index: number): VmsdSnapshot {
  const prefix = `snapshot${index}`;
  const uid = numberOf(entries, `${prefix}.uid`, 2 ** 31 - 1);
  if (!uid) throw new FormatError(`${prefix}.uid is missing.`);
  const count = numberOf(entries, `${prefix}.numDisks`, DISKS_MAX) ?? 0;
  const disks: VmsdDisk[] = [];
  for (let disk = 0; disk < count; disk++) {
    const fileName = vmxValue(entries, `${prefix}.disk${disk}.fileName`);
    const node = vmxValue(entries, `${prefix}.disk${disk}.node`);
    if (!fileName || !node) throw new FormatError(`${prefix}.disk${disk} names no file or unit.`);
    const device = vmxValue(entries, `${prefix}.disk${disk}.device`) ?? '';
    disks.push({ fileName, node, device });
  }
  return {
    uid,
    parent: numberOf(entries, `${prefix}.parent`, 2 ** 31 - 1) || null,
    displayName: vmxValue(entries, `${prefix}.displayName`) ?? '',
    description: vmxValue(entries, `${prefix}.description`) ?? '',
    createdAt: readTime(entries, prefix),
    quiesced: vmxValue(entries, `${prefix}.quiesced`)?.toUpperCase() === 'TRUE',
    disks,
  };
}

function linesOf(snapshot: VmsdSnapshot): [string, string][] {
  const { uid, parent, displayName, description, createdAt, quiesced, disks } = snapshot;
  const microseconds = BigInt(Math.trunc(createdAt)) * 1000n;
  return [
    ['uid', String(uid)],
    ...(parent === null ? [] : [['parent', String(parent)] satisfies [string, string]]),
    ['displayName', displayName],
    ['description', description],
    ['createTimeHigh', String(BigInt.asIntN(32, microseconds >> 32n))],
    ['createTimeLow', String(BigInt.asIntN(32, microseconds))],
    ['quiesced', quiesced ? 'TRUE' : 'FALSE'],
    ['numDisks', String(disks.length)],
    ...disks.flatMap(({ fileName, node, device }, index): [string, string][] => [
      [`disk${index}.fileName`, fileName],
      [`disk${index}.node`, node],
      ...(device === '' ? [] : [[`disk${index}.device`, device] satisfies [string, string]]),
    ]),
  ];
}

function readTime(entries: Vmx, prefix: string): number {
  const half = (key: string): bigint => {
    const text = vmxValue(entries, `${prefix}.${key}`) ?? '0';
    if (!/^-?\d{1,10}$/.test(text)) throw new FormatError(`${prefix}.${key} is no number.`);
    return BigInt.asUintN(32, BigInt(text));
  };
  const microseconds = BigInt.asIntN(64, (half('createTimeHigh') << 32n) | half('createTimeLow'));
  return Number(microseconds / 1000n);
}

function numberOf(entries: Vmx, key: string, max: number): number | null {
  const text = vmxValue(entries, key);
  if (text === null) return null;
  const value = Number(text);
  if (/^\d{1,10}$/.test(text) && value <= max) return value;
  throw new FormatError(`${key} cannot be "${text}".`);
}

/** Every snapshot once, its parent before it, so that no circle is possible. */
function checkTree({ snapshots, current, lastUid }: Vmsd): void {
  const seen = new Set<number>();
  for (const { uid, parent } of snapshots) {
    if (seen.has(uid)) throw new FormatError(`The snapshot ${uid} stands twice.`);
    if (parent !== null && !seen.has(parent)) {
      throw new FormatError(`The snapshot ${uid} descends from ${parent}, which does not precede.`);
    }
    seen.add(uid);
  }
  if (current !== null && !seen.has(current)) {
    throw new FormatError(`The current snapshot ${current} is not there.`);
  }
  if (snapshots.some(({ uid }) => uid > lastUid)) {
    throw new FormatError('A snapshot has a number above the last one given.');
  }
}
