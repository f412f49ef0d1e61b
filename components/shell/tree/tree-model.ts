// The inventory as a tree of four views: which rows there are, in which order, folded and
// filtered. Pure.
import { FOLDER_DEPTH_MAX } from '#lib/model/limits.ts';
import type { InventoryNode } from '#lib/wire/api/inventory.ts';

export const TREE_VIEWS = ['hosts', 'vms', 'storage', 'policies'] as const;
export type TreeView = (typeof TREE_VIEWS)[number];

export type TreeKind = InventoryNode['kind'] | 'group' | 'policy' | 'vib';

/**
 * What the tree is made of: inventory nodes, and in the last view policies and VIBs under their
 * groups.
 */
export interface TreeNode {
  id: string;
  kind: TreeKind;
  name: string;
  parentId: string | null;
  /** Of a VM: the folder that it stands in. */
  folderId?: string | undefined;
  state: string;
  badge: string;
  /** Page that it leads to; null for none. */
  href: string | null;
}

export interface TreeRow {
  node: TreeNode;
  depth: number;
  /** Null: it has nothing inside. */
  expanded: boolean | null;
  /** 1-based among its siblings, and how many they are. */
  position: number;
  siblings: number;
}

/** More than folders, cluster, host and VM can make: a ring in bad data must not hang the page. */
const LEVELS_MAX = FOLDER_DEPTH_MAX + 8;

const ORDER: Record<TreeKind, number> = {
  datacenter: 0,
  vmFolder: 1,
  hostFolder: 1,
  group: 1,
  cluster: 2,
  host: 3,
  resourcePool: 4,
  vm: 5,
  datastore: 6,
  policy: 7,
  vib: 8,
};

const KINDS: Record<Exclude<TreeView, 'policies'>, readonly TreeKind[]> = {
  hosts: ['datacenter', 'hostFolder', 'cluster', 'host', 'resourcePool', 'vm'],
  vms: ['datacenter', 'vmFolder', 'vm'],
  storage: ['datacenter', 'datastore'],
};

/** The nodes of a view; in VMs and Storage all hang below their datacenter, or their folder. */
export function nodesOfView(
  view: Exclude<TreeView, 'policies'>,
  nodes: readonly TreeNode[],
): TreeNode[] {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const kept = nodes.filter((node) => KINDS[view].includes(node.kind));
  if (view === 'hosts') return kept;
  return kept.map((node) =>
    node.kind === 'vm' || node.kind === 'datastore'
      ? { ...node, parentId: node.folderId ?? datacenterOf(node, byId) }
      : node,
  );
}

type Placed = Pick<InventoryNode, 'id' | 'kind' | 'parentId'> | TreeNode;

/** The datacenter above a node; null when none can be seen. */
export function datacenterOf(node: Placed, byId: ReadonlyMap<string, Placed>): string | null {
  let at: Placed | undefined = node;
  for (let steps = 0; at && at.kind !== 'datacenter' && steps < LEVELS_MAX; steps += 1) {
    at = byId.get(at.parentId ?? '');
  }
  return at?.kind === 'datacenter' ? at.id : null;
}

export interface TreeOptions {
  filter: string;
  /** What people folded or unfolded themselves. */
  folds: ReadonlyMap<string, boolean>;
  /** Nodes that are unfolded unless someone folded them. */
  openByDefault: (node: TreeNode) => boolean;
}

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });

/** The rows in view order. With a filter: what matches, with its ancestors, all unfolded. */
export function treeRows(nodes: readonly TreeNode[], options: TreeOptions): TreeRow[] {
  const { filter, folds, openByDefault } = options;
  const wanted = filter.trim().toLowerCase();
  const shown = wanted === '' ? nodes : withAncestors(nodes, wanted);
  const children = childrenOf(shown);
  const rows: TreeRow[] = [];
  const add = (list: readonly TreeNode[], depth: number) => {
    list.forEach((node, index) => {
      const inside = children.get(node.id) ?? [];
      const open = wanted !== '' || (folds.get(node.id) ?? openByDefault(node));
      rows.push({
        node,
        depth,
        expanded: inside.length > 0 ? open : null,
        position: index + 1,
        siblings: list.length,
      });
      if (open && depth < LEVELS_MAX) add(inside, depth + 1);
    });
  };
  add(children.get(null) ?? [], 0);
  return rows;
}

/**
 * Sorted children by parent; a node whose parent is missing (no permission on it) stands at the
 * root.
 */
function childrenOf(nodes: readonly TreeNode[]): Map<string | null, TreeNode[]> {
  const ids = new Set(nodes.map((node) => node.id));
  const children = new Map<string | null, TreeNode[]>();
  for (const node of nodes) {
    const parent = node.parentId !== null && ids.has(node.parentId) ? node.parentId : null;
    const list = children.get(parent);
    if (list) list.push(node);
    else children.set(parent, [node]);
  }
  for (const list of children.values()) {
    list.sort((a, b) => ORDER[a.kind] - ORDER[b.kind] || collator.compare(a.name, b.name));
  }
  return children;
}

function withAncestors(nodes: readonly TreeNode[], wanted: string): TreeNode[] {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const kept = new Set<TreeNode>();
  for (const node of nodes) {
    if (!node.name.toLowerCase().includes(wanted)) continue;
    let at: TreeNode | undefined = node;
    while (at && !kept.has(at)) {
      kept.add(at);
      at = byId.get(at.parentId ?? '');
    }
  }
  return nodes.filter((node) => kept.has(node));
}

/** Names from the root to the node, the node last: the path shown in the header. */
export function pathTo<Node extends Placed>(nodes: readonly Node[], id: string): Node[] {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const path: Node[] = [];
  let at = byId.get(id);
  while (at && path.length < LEVELS_MAX) {
    path.unshift(at);
    at = byId.get(at.parentId ?? '');
  }
  return path;
}
