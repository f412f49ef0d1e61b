// The tree shows each view in order, folds, filters with ancestors, and survives odd data.
import { describe, expect, test } from 'vitest';
import { nodesOfView, pathTo, type TreeNode, treeRows } from './tree-model.ts';

function node(id: string, kind: TreeNode['kind'], name: string, parentId: string | null): TreeNode {
  return { id, kind, name, parentId, state: '', badge: '', href: null };
}

const NODES = [
  node('datacenter-2', 'datacenter', 'Lab', null),
  node('host-9', 'host', 'esx10', 'domain-c7'),
  node('host-8', 'host', 'esx2', 'domain-c7'),
  node('host-4', 'host', 'esx04', 'datacenter-2'),
  node('domain-c7', 'cluster', 'Prod', 'datacenter-2'),
  node('vm-1', 'vm', 'web01', 'host-8'),
  node('vm-2', 'vm', 'db01', 'host-4'),
  node('datastore-5', 'datastore', 'vmfs01', 'datacenter-2'),
];
const OPEN = { filter: '', folds: new Map<string, boolean>(), openByDefault: () => true };

function lines(nodes: readonly TreeNode[], options = OPEN): string[] {
  return treeRows(nodes, options).map(({ node: { name }, depth }) => `${'.'.repeat(depth)}${name}`);
}

describe('views', () => {
  test('Hosts and Clusters: clusters before hosts, numbers in names by size', () => {
    const rows = lines(nodesOfView('hosts', NODES));
    expect(rows).toEqual(['Lab', '.Prod', '..esx2', '...web01', '..esx10', '.esx04', '..db01']);
  });

  test('VMs and Storage hang below the datacenter', () => {
    expect(lines(nodesOfView('vms', NODES))).toEqual(['Lab', '.db01', '.web01']);
    expect(lines(nodesOfView('storage', NODES))).toEqual(['Lab', '.vmfs01']);
  });
});

test('what is folded hides what is inside, and leaves have no fold', () => {
  const folds = new Map([['domain-c7', false]]);
  const rows = treeRows(nodesOfView('hosts', NODES), { ...OPEN, folds });
  expect(rows.map(({ node: { name }, expanded }) => [name, expanded])).toEqual([
    ['Lab', true],
    ['Prod', false],
    ['esx04', true],
    ['db01', null],
  ]);
  expect(rows[2]).toMatchObject({ position: 2, siblings: 2 });
});

test('a filter keeps the ancestors and unfolds them', () => {
  const folds = new Map([['domain-c7', false]]);
  const options = { filter: ' WEB ', folds, openByDefault: () => false };
  expect(lines(nodesOfView('hosts', NODES), options)).toEqual([
    'Lab',
    '.Prod',
    '..esx2',
    '...web01',
  ]);
  expect(lines(NODES, { ...options, filter: 'nothing' })).toEqual([]);
});

test('a node without a visible parent stands at the root, a ring ends', () => {
  expect(lines([node('vm-1', 'vm', 'web01', 'host-8')])).toEqual(['web01']);
  const ring = [node('vm-1', 'vm', 'a', 'vm-2'), node('vm-2', 'vm', 'b', 'vm-1')];
  expect(nodesOfView('vms', ring).map(({ parentId }) => parentId)).toEqual([null, null]);
  expect(pathTo(ring, 'vm-1')).toHaveLength(24);
});

test('the path leads from the root to the node', () => {
  expect(pathTo(NODES, 'vm-1').map(({ name }) => name)).toEqual(['Lab', 'Prod', 'esx2', 'web01']);
  expect(pathTo(NODES, 'vm-99')).toEqual([]);
});

test('folders hold what is put into them, each view its own', () => {
  const nodes = [
    node('datacenter-2', 'datacenter', 'Lab', null),
    node('group-v1', 'vmFolder', 'Web', 'datacenter-2'),
    node('group-h1', 'hostFolder', 'Site', 'datacenter-2'),
    node('domain-c7', 'cluster', 'Prod', 'group-h1'),
    node('host-8', 'host', 'esx2', 'domain-c7'),
    { ...node('vm-1', 'vm', 'web01', 'host-8'), folderId: 'group-v1' },
    node('vm-2', 'vm', 'db01', 'host-8'),
  ];
  const shown = (view: 'hosts' | 'vms') =>
    treeRows(nodesOfView(view, nodes), {
      ...{ filter: '', folds: new Map(), openByDefault: () => true },
    }).map(({ node: { name }, depth }) => `${depth} ${name}`);
  expect(shown('vms')).toEqual(['0 Lab', '1 Web', '2 web01', '1 db01']);
  expect(shown('hosts')).toEqual(['0 Lab', '1 Site', '2 Prod', '3 esx2', '4 db01', '4 web01']);
});
