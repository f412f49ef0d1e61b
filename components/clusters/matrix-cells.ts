// The cells of the compatibility matrix: state, sentence and reasons of each, and how the arrow
// keys walk them.
import type { Reason } from '#lib/model/fault.ts';
import type { CompatibilityMatrix } from '#lib/wire/api/operations.ts';

export interface Cell {
  vmName: string;
  hostName: string;
  state: 'here' | 'possible' | 'impossible';
  reasons: Reason[];
  /** The whole cell in one sentence, for those who hear it. */
  sentence: string;
}

export interface CellPosition {
  row: number;
  column: number;
}

export function cellAt(matrix: CompatibilityMatrix, row: number, column: number): Cell | null {
  const vm = matrix.vms[row];
  const host = matrix.hosts[column];
  const cell = matrix.cells[row * matrix.hosts.length + column];
  if (!vm || !host || !cell) return null;
  const state = vm.hostId === host.id ? 'here' : cell.allowed ? 'possible' : 'impossible';
  const sentence = {
    here: `${vm.name} runs on ${host.name}.`,
    possible: `${vm.name} can migrate to ${host.name}.`,
    impossible: `${vm.name} cannot migrate to ${host.name}. ${cell.reasons
      .map(({ message }) => message)
      .join(' ')}`,
  }[state];
  return { vmName: vm.name, hostName: host.name, state, reasons: cell.reasons, sentence };
}

/** Where the key leads; null when it is none of the grid's. */
export function moveCell(
  key: string,
  { row, column }: CellPosition,
  { vms, hosts }: CompatibilityMatrix,
): CellPosition | null {
  const targets: Record<string, CellPosition> = {
    ArrowUp: { row: row - 1, column },
    ArrowDown: { row: row + 1, column },
    ArrowLeft: { row, column: column - 1 },
    ArrowRight: { row, column: column + 1 },
    Home: { row, column: 0 },
    End: { row, column: hosts.length - 1 },
  };
  const target = targets[key];
  if (!target) return null;
  return {
    row: Math.min(Math.max(target.row, 0), vms.length - 1),
    column: Math.min(Math.max(target.column, 0), hosts.length - 1),
  };
}
