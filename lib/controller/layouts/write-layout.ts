// Writes which files a VM consists of, as its host has answered: the .vmx and .vmsd files are the
// truth, and these rows are a copy of them.
import type { VmLayout } from '../../wire/agent/host-rpc.ts';
import type { ChangeInput } from '../changes/record-change.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import type { Disk, Snapshot } from '../database/generated/client.ts';
import { canonical } from '../reconciler/apply-worlds.ts';

/** `now` is wall time. Returns what has changed, for the caller's change record. */
export async function writeLayout(
  tx: DatabaseTransaction,
  { vmId, layout, now }: { vmId: string; layout: VmLayout; now: number },
): Promise<ChangeInput[]> {
  const vm = await tx.vm.findUniqueOrThrow({
    where: { id: vmId },
    include: { disks: true, snapshots: { orderBy: { id: 'asc' } } },
  });
  const { datastoreId, vmxPath, currentSnapshotId } = layout;
  await tx.vm.update({
    where: { id: vmId },
    data: { datastoreId, vmxPath, currentSnapshotId, layoutReadAt: new Date(now) },
  });
  const disksChanged = await writeDisks(tx, vmId, vm.disks, layout);
  const snapshotsChanged = await writeSnapshots(tx, vmId, vm.snapshots, layout);
  const homeChanged = vm.datastoreId !== datastoreId || vm.vmxPath !== vmxPath;
  const currentChanged = vm.currentSnapshotId !== currentSnapshotId;
  const changes: ChangeInput[] = [];
  if (disksChanged || homeChanged) changes.push({ object: vmId, path: 'disks' });
  if (snapshotsChanged || currentChanged) changes.push({ object: vmId, path: 'snapshots' });
  return changes;
}

async function writeDisks(
  tx: DatabaseTransaction,
  vmId: string,
  known: Disk[],
  layout: VmLayout,
): Promise<boolean> {
  let changed = false;
  for (const disk of layout.disks) {
    const { key, label, unit, datastoreId, path, filters } = disk;
    const storage = layout.storage?.find((found) => found.key === key);
    const place = {
      ...{ label, unit, datastoreId, path, capacityBytes: BigInt(disk.capacityBytes) },
      ...(storage
        ? {
            usedBytes: BigInt(Math.trunc(storage.usedBytes)),
            ...{ provisioning: storage.provisioning },
            ...{ backing: storage.backing, health: storage.health },
          }
        : {}),
    };
    const before = known.find((row) => row.key === key);
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
