// The compatibility matrix: which cell is which, its words, and the walk by keys at the borders.
import { describe, expect, it } from 'vitest';
import type { CompatibilityMatrix } from '#lib/wire/api/operations.ts';
import { cellAt, moveCell } from './matrix-cells.ts';

const matrix: CompatibilityMatrix = {
  hosts: [
    { id: 'host-1', name: 'esx01' },
    { id: 'host-2', name: 'esx02' },
  ],
  total: 2,
  vms: [
    { id: 'vm-1', name: 'web01', hostId: 'host-1' },
    { id: 'vm-2', name: 'db01', hostId: 'host-2' },
  ],
  cells: [
    { allowed: false, reasons: [] },
    { allowed: true, reasons: [] },
    { allowed: false, reasons: [{ fault: 'GenericVmConfigFault', message: 'No cache on esx01.' }] },
    { allowed: false, reasons: [] },
  ],
};

describe('cellAt', () => {
  it('shows where a VM runs, could run, and cannot run and why', () => {
    expect(cellAt(matrix, 0, 0)?.state).toBe('here');
    expect(cellAt(matrix, 0, 1)?.sentence).toBe('web01 can migrate to esx02.');
    expect(cellAt(matrix, 1, 0)?.sentence).toBe('db01 cannot migrate to esx01. No cache on esx01.');
    expect(cellAt(matrix, 2, 0)).toBeNull();
  });
});

describe('moveCell', () => {
  it('stops at the borders and leaves other keys alone', () => {
    expect(moveCell('ArrowUp', { row: 0, column: 1 }, matrix)).toEqual({ row: 0, column: 1 });
    expect(moveCell('ArrowDown', { row: 0, column: 1 }, matrix)).toEqual({ row: 1, column: 1 });
    expect(moveCell('End', { row: 1, column: 0 }, matrix)).toEqual({ row: 1, column: 1 });
    expect(moveCell('a', { row: 0, column: 0 }, matrix)).toBeNull();
  });
});
