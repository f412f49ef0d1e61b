'use client';
// Everything that the tree, the path in the header and the search know of: the inventory, policies
// and VIBs, live.
import { useMemo } from 'react';
import { useInventory } from '#lib/client/use-inventory.ts';

import { useDepotVibs, usePolicies } from '#lib/client/use-policies.ts';
import { objectPath } from '../../objects/object-paths.ts';
import type { TreeNode } from './tree-model.ts';

const POLICY_GROUP = 'group-policies';
const VIB_GROUP = 'group-vibs';

const GROUPS: readonly TreeNode[] = [
  group(POLICY_GROUP, 'VM storage policies', '/policies'),
  group(VIB_GROUP, 'I/O filter depot', '/depot'),
];

export interface TreeNodes {
  inventory: readonly TreeNode[];
  policies: readonly TreeNode[];
  isLoading: boolean;
  error: unknown;
  refetch: () => unknown;
}

export function useTreeNodes(): TreeNodes {
  const inventory = useInventory();
  const policies = usePolicies();
  const vibs = useDepotVibs();
  const nodes = useMemo(
    () => (inventory.data?.nodes ?? []).map((node) => ({ ...node, href: objectPath(node.id) })),
    [inventory.data],
  );
  const others = useMemo(
    () => [
      ...GROUPS,
      ...(policies.data ?? []).map((policy) =>
        leaf({ id: policy.id, kind: 'policy', name: policy.name, parentId: POLICY_GROUP }),
      ),
      ...(vibs.data ?? []).map(({ id, inspection }) =>
        leaf({
          id,
          kind: 'vib',
          name: `${inspection.descriptor.name} ${inspection.descriptor.version}`,
          parentId: VIB_GROUP,
        }),
      ),
    ],
    [policies.data, vibs.data],
  );
  return {
    inventory: nodes,
    policies: others,
    isLoading: inventory.isPending,
    error: inventory.error,
    refetch: inventory.refetch,
  };
}

function group(id: string, name: string, href: string): TreeNode {
  return { id, kind: 'group', name, parentId: null, state: '', badge: '', href };
}

function leaf(node: Pick<TreeNode, 'id' | 'kind' | 'name' | 'parentId'>): TreeNode {
  return { ...node, state: '', badge: '', href: objectPath(node.id) };
}
