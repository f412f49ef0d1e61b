// What each key does in the tree (WAI-ARIA, tree view): moves, folds, opens; letters go to the
// next name. Pure.
import type { TreeRow } from './tree-model.ts';

export type TreeAction =
  | { kind: 'move'; index: number }
  | { kind: 'fold'; index: number; open: boolean }
  | { kind: 'open'; index: number };

/** Null for keys that are not the tree's. `active` is -1 when no row is active yet. */
export function treeKeyAction(
  key: string,
  rows: readonly TreeRow[],
  active: number,
): TreeAction | null {
  const last = rows.length - 1;
  const row = rows[active];
  if (last < 0) return null;
  switch (key) {
    case 'ArrowDown':
      return { kind: 'move', index: Math.min(last, active + 1) };
    case 'ArrowUp':
      return { kind: 'move', index: Math.max(0, active - 1) };
    case 'Home':
      return { kind: 'move', index: 0 };
    case 'End':
      return { kind: 'move', index: last };
    case 'PageDown':
      return { kind: 'move', index: Math.min(last, active + 15) };
    case 'PageUp':
      return { kind: 'move', index: Math.max(0, active - 15) };
    case 'Enter':
      return row ? { kind: 'open', index: active } : null;
    case 'ArrowRight':
      return row ? inwards(row, active, last) : null;
    case 'ArrowLeft':
      return row ? outwards(row, rows, active) : null;
    default:
      return null;
  }
}

function inwards(row: TreeRow, active: number, last: number): TreeAction | null {
  if (row.expanded === null) return null;
  if (!row.expanded) return { kind: 'fold', index: active, open: true };
  return { kind: 'move', index: Math.min(last, active + 1) };
}

function outwards(row: TreeRow, rows: readonly TreeRow[], active: number): TreeAction | null {
  if (row.expanded) return { kind: 'fold', index: active, open: false };
  for (let index = active - 1; index >= 0; index -= 1) {
    if ((rows[index]?.depth ?? 0) < row.depth) return { kind: 'move', index };
  }
  return null;
}

/**
 * The next row, after the active one and round the end, whose name begins with the typed letters.
 */
export function typeAhead(rows: readonly TreeRow[], active: number, typed: string): number | null {
  const wanted = typed.toLowerCase();
  // One letter goes on to the next name; several refine where one stands.
  const start = typed.length === 1 ? active + 1 : Math.max(0, active);
  for (let step = 0; step < rows.length; step += 1) {
    const index = (start + step) % rows.length;
    if (rows[index]?.node.name.toLowerCase().startsWith(wanted)) return index;
  }
  return null;
}
