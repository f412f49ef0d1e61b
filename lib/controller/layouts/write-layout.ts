// Writes which files a VM consists of, as its host has answered: the .vmx and .vmsd files are the
// truth, and these rows are a copy of them.
import type { Provisioning, VmLayout } from '../../wire/agent/disk-rpc.ts';
import type { ChangeInput } from '../changes/record-change.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import type { Disk, Snapshot } from '../database/generated/client.ts';
import { canonical } from '../reconciler/apply-worlds.ts';

export interface LayoutToWrite {
  vmId: string;
  layout: VmLayout;
  /** Wall time. */
  now: number;
  /** By disk key: what was asked for, which not all hosts can tell later. */
  provisioning?: ReadonlyMap<number, Provisioning>;
  /** Asks for the layout again soon when the host has not said what the disks take. */
  askAgain?: boolean;
}

/** Returns what has changed, for the caller's change record. */
export async function writeLayout(
  tx: DatabaseTransaction,
  written: LayoutToWrite,
): Promise<ChangeInput[]> {
  const { vmId, layout, now, askAgain = true } = written;
  const vm = await tx.vm.findUniqueOrThrow({
    where: { id: vmId },
    include: { disks: true, snapshots: { orderBy: { id: 'asc' } } },
  });
  const { datastoreId, vmxPath, currentSnapshotId, consolidationNeeded } = layout;
  await tx.vm.update({
    where: { id: vmId },
    data: {
      ...{ datastoreId, vmxPath, currentSnapshotId },
      layoutReadAt: askAgain && !layout.storage ? null : new Date(now),
      ...(consolidationNeeded === undefined ? {} : { consolidationNeeded }),
    },
  });
  const disksChanged = await writeDisks(tx, vm.disks, written);
  const snapshotsChanged = await writeSnapshots(tx, vmId, vm.snapshots, layout);
  const homeChanged = vm.datastoreId !== datastoreId || vm.vmxPath !== vmxPath;
  const currentChanged = vm.currentSnapshotId !== currentSnapshotId;
  const changes: ChangeInput[] = [];
  const neededBefore = vm.consolidationNeeded;
  if ((consolidationNeeded ?? neededBefore) !== neededBefore) {
    changes.push({ object: vmId, path: 'consolidationNeeded' });
  }
  if (disksChanged || homeChanged) changes.push({ object: vmId, path: 'disks' });
  if (snapshotsChanged || currentChanged) changes.push({ object: vmId, path: 'snapshots' });
  return changes;
}

async function writeDisks(
  tx: DatabaseTransaction,
  known: Disk[],
  { vmId, layout, provisioning }: LayoutToWrite,
): Promise<boolean> {
  let changed = false;
  for (const disk of layout.disks) {
    const { key, label, unit, datastoreId, path, filters } = disk;
    const before = known.find((row) => row.key === key);
    const asked = provisioning?.get(key) ?? before?.provisioning;
    const place = {
      ...{ label, unit, datastoreId, path, capacityBytes: BigInt(disk.capacityBytes) },
      ...(asked === undefined ? {} : { provisioning: asked }),
      ...storageOf(layout, key, asked),
    };
    if (before && isSame(before, place)) continue;
    changed = true;
    if (before) {
      await tx.disk.update({ where: { vmId_key: { vmId, key } }, data: place });
    } else {
      await tx.disk.create({ data: { vmId, key, ...place, filters } });
    }
  }
  const kept = layout.disks.map(({ key }) => key);
  const { count } = await tx.disk.deleteMany({ where: { vmId, key: { notIn: kept } } });
  return changed || count > 0;
}

/** A host does not tell a thick disk that was filled with zeroes from one that was not. */
function storageOf({ storage }: VmLayout, key: number, asked: string | undefined) {
  const found = storage?.find((row) => row.key === key);
  if (!found) return {};
  const isEager = found.provisioning === 'thick' && asked === 'eagerZeroedThick';
  return {
    usedBytes: BigInt(Math.trunc(found.usedBytes)),
    provisioning: isEager ? asked : found.provisioning,
    ...{ backing: found.backing, health: found.health, objectId: found.objectId },
  };
}

function isSame(before: Disk, place: Partial<Disk>): boolean {
  const rows = new Map(Object.entries(before));
  return Object.entries(place).every(([name, value]) => rows.get(name) === value);
}

async function writeSnapshots(
  tx: DatabaseTransaction,
  vmId: string,
  known: Snapshot[],
  { snapshots }: VmLayout,
): Promise<boolean> {
  const rows = [...snapshots]
    .sort((a, b) => a.id - b.id)
    .map(({ createdAt, ...snapshot }) => ({ ...snapshot, vmId, createdAt: new Date(createdAt) }));
  if (canonical(rows) === canonical(known)) return false;
  await tx.snapshot.deleteMany({ where: { vmId } });
  await tx.snapshot.createMany({ data: rows });
  return true;
}
