// What each key does in a grid (WAI-ARIA, data grid): moves the active cell, opens, selects,
// searches.
import type { KeyboardEvent } from 'react';
import type { GridCell } from './grid-layout.ts';

export interface GridKeyContext {
  active: GridCell;
  rowCount: number;
  columnCount: number;
  pageRows: number;
  cellId: (cell: GridCell) => string;
  move: (cell: GridCell) => void;
  open: () => void;
  toggle: () => void;
  selectAll: () => void;
  search: () => void;
}

export function handleGridKey(event: KeyboardEvent<HTMLElement>, context: GridKeyContext): void {
  // Keys inside a control of a cell or of the header are that control's.
  if (event.target !== event.currentTarget) return;
  const action = actionOf(event.key, event.ctrlKey || event.metaKey, context);
  if (!action) return;
  event.preventDefault();
  action();
}

function actionOf(key: string, command: boolean, context: GridKeyContext): (() => void) | null {
  if (command && key === 'a') return context.selectAll;
  if (command && key === 'f') return context.search;
  if (key === 'Enter') return () => press(context);
  if (key === ' ') return context.toggle;
  const next = nextCell(key, command, context);
  if (!next || context.rowCount === 0) return null;
  return () => context.move(clampCell(next, context));
}

/** A control in the active cell is pressed; the row is opened where there is none. */
function press(context: GridKeyContext): void {
  const cell = document.getElementById(context.cellId(context.active));
  const control = cell?.querySelector<HTMLElement>('a[href], button, [role="checkbox"]');
  if (control) control.click();
  else context.open();
}

type Jump = Pick<GridKeyContext, 'active' | 'rowCount' | 'columnCount' | 'pageRows'>;

/** Where a key leads, not yet held inside the grid; null for keys that lead nowhere. */
export function nextCell(key: string, command: boolean, context: Jump): GridCell | null {
  const { active, rowCount, columnCount, pageRows } = context;
  const { row, column } = active;
  switch (key) {
    case 'ArrowDown':
      return { row: row + 1, column };
    case 'ArrowUp':
      return { row: row - 1, column };
    case 'ArrowRight':
      return { row: Math.max(0, row), column: column + 1 };
    case 'ArrowLeft':
      return { row: Math.max(0, row), column: column - 1 };
    case 'PageDown':
      return { row: row + pageRows, column };
    case 'PageUp':
      return { row: row - pageRows, column };
    case 'Home':
      return { row: command ? 0 : row, column: 0 };
    case 'End':
      return { row: command ? rowCount - 1 : row, column: columnCount - 1 };
    default:
      return null;
  }
}

export function clampCell(
  { row, column }: GridCell,
  { rowCount, columnCount }: Pick<Jump, 'rowCount' | 'columnCount'>,
): GridCell {
  return {
    row: Math.min(Math.max(row, 0), rowCount - 1),
    column: Math.min(Math.max(column, 0), columnCount - 1),
  };
}
