// The snapshots of a VM as its page shows them: the tree, what builds on it, and what may be done.
import type { Verdict } from '../../model/verdict.ts';
import type { SnapshotView } from '../../wire/api/vm-operations.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import { readLinkedClones, snapshotDisksSchema } from '../inventory/read-facts.ts';

/** Parents before children. */
export async function readSnapshots(
  db: DatabaseTransaction,
  vm: { id: string; currentSnapshotId: number | null },
  actions: ReadonlyMap<number, Record<string, Verdict>>,
): Promise<SnapshotView[]> {
  const rows = await db.snapshot.findMany({ where: { vmId: vm.id }, orderBy: { id: 'asc' } });
  const clones = rows.length > 0 ? await readLinkedClones(db, [vm.id]) : [];
  return rows.map(({ id, parentId, name, description, createdAt, quiesced, disks }) => ({
    ...{ id, parentId, name, description, quiesced },
    createdAt: createdAt.toISOString(),
    current: id === vm.currentSnapshotId,
    disks: snapshotDisksSchema.parse(disks),
    linkedClones: clones
      .filter((clone) => clone.parentSnapshotId === id)
      .map((clone) => ({ id: clone.id, name: clone.name })),
    actions: actions.get(id) ?? {},
  }));
}
