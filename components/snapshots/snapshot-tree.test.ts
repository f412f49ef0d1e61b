// Rows of the tree of snapshots: order, depth, and where the present state hangs.
import { describe, expect, it } from 'vitest';
import type { SnapshotView } from '#lib/wire/api/vm-operations.ts';
import { snapshotRows, withDescendants } from './snapshot-tree.ts';

function snapshot(id: number, parentId: number | null): SnapshotView {
  return {
    ...{ id, parentId, name: `s${id}`, description: '', createdAt: '2026-11-22T10:00:00Z' },
    ...{ quiesced: false, current: false, disks: [], linkedClones: [], actions: {} },
  };
}

const SNAPSHOTS = [snapshot(1, null), snapshot(2, 1), snapshot(3, 1), snapshot(4, 2)];
const shape = (currentId: number | null, snapshots = SNAPSHOTS) =>
  snapshotRows(snapshots, currentId).map(({ id, depth }) => `${'-'.repeat(depth)}${id}`);

describe('snapshotRows', () => {
  it('hangs what descends below its parent, and the present state below its snapshot', () => {
    expect(shape(2)).toEqual(['1', '-2', '--4', '--here', '-3']);
  });

  it('has the present state alone where there is no snapshot', () => {
    expect(shape(null, [])).toEqual(['here']);
  });

  it('keeps a snapshot whose parent is not there, and shows each once', () => {
    expect(shape(9, [snapshot(5, 7), snapshot(6, 5)])).toEqual(['5', '-6', 'here']);
  });
});

it('finds all that descend from a snapshot', () => {
  expect(withDescendants(SNAPSHOTS, 2).map(({ id }) => id)).toEqual([2, 4]);
});
