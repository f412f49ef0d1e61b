// The snapshots of a VM as the rows of a tree, with the present state ("You are here") hung below
// the one that it descends from. Pure.
import type { SnapshotView } from '#lib/wire/api/vm-operations.ts';

/** The present state as a row of its own. */
export const HERE = 'here';

export interface SnapshotRow {
  /** The snapshot's number as text, or HERE. */
  id: string;
  depth: number;
  /** Null: the present state. */
  snapshot: SnapshotView | null;
}

/** Parents before what descends from them; older before newer; the present state last below its. */
export function snapshotRows(
  snapshots: readonly SnapshotView[],
  currentId: number | null,
): SnapshotRow[] {
  const known = new Set(snapshots.map(({ id }) => id));
  const rows: SnapshotRow[] = [];
  const visit = (parentId: number | null, depth: number): void => {
    for (const snapshot of snapshots) {
      const parent = isKnown(known, snapshot.parentId) ? snapshot.parentId : null;
      if (parent !== parentId) continue;
      rows.push({ id: String(snapshot.id), depth, snapshot });
      visit(snapshot.id, depth + 1);
    }
    const here = isKnown(known, currentId) ? currentId : null;
    if (here === parentId) rows.push({ id: HERE, depth, snapshot: null });
  };
  visit(null, 0);
  return rows;
}

/** The snapshot and all that descend from it. */
export function withDescendants(
  snapshots: readonly SnapshotView[],
  snapshotId: number,
): SnapshotView[] {
  const wanted = new Set([snapshotId]);
  // Parents come before their children.
  for (const { id, parentId } of snapshots) {
    if (parentId !== null && wanted.has(parentId)) wanted.add(id);
  }
  return snapshots.filter(({ id }) => wanted.has(id));
}

function isKnown(known: ReadonlySet<number>, id: number | null): boolean {
  return id !== null && known.has(id);
}
