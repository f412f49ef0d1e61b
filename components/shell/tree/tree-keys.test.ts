// Keys in the tree: moving, folding, opening, and finding by letters.
import { describe, expect, test } from 'vitest';
import { treeKeyAction, typeAhead } from './tree-keys.ts';
import type { TreeRow } from './tree-model.ts';

function row(name: string, depth: number, expanded: boolean | null): TreeRow {
  const node = {
    id: name,
    kind: 'vm' as const,
    name,
    parentId: null,
    state: '',
    badge: '',
    href: null,
  };
  return { node, depth, expanded, position: 1, siblings: 1 };
}

const ROWS = [
  row('Lab', 0, true),
  row('Prod', 1, true),
  row('esx01', 2, false),
  row('esx02', 2, null),
  row('Test', 1, false),
];

describe('keys', () => {
  test.each([
    ['ArrowDown', -1, { kind: 'move', index: 0 }],
    ['ArrowDown', 4, { kind: 'move', index: 4 }],
    ['ArrowUp', 0, { kind: 'move', index: 0 }],
    ['End', 0, { kind: 'move', index: 4 }],
    ['ArrowRight', 0, { kind: 'move', index: 1 }],
    ['ArrowRight', 2, { kind: 'fold', index: 2, open: true }],
    ['ArrowRight', 3, null],
    ['ArrowLeft', 1, { kind: 'fold', index: 1, open: false }],
    ['ArrowLeft', 3, { kind: 'move', index: 1 }],
    ['Enter', 2, { kind: 'open', index: 2 }],
    ['Enter', -1, null],
    ['x', 0, null],
  ])('%s at %d', (key, active, action) => {
    expect(treeKeyAction(key, ROWS, active)).toEqual(action);
  });

  test('an empty tree answers to nothing', () => {
    expect(treeKeyAction('ArrowDown', [], -1)).toBeNull();
  });
});

test('letters find the next name, round the end, and refine', () => {
  expect(typeAhead(ROWS, 0, 'e')).toBe(2);
  expect(typeAhead(ROWS, 2, 'e')).toBe(3);
  expect(typeAhead(ROWS, 3, 'e')).toBe(2);
  expect(typeAhead(ROWS, 3, 'esx02')).toBe(3);
  expect(typeAhead(ROWS, 0, 'zz')).toBeNull();
});
