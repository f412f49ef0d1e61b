'use client';
// The context menu of a tree node: the object's actions, each with the reasons why it is not
// possible right now.
import { useRouter } from 'next/navigation';
import { reasonOf } from '#components/ui/disabled-reason.tsx';
import type { MenuEntry, MenuItem } from '#components/ui/overlays/menu-item.ts';
import { showFault } from '#components/ui/overlays/toast.tsx';
import { useChange } from '#lib/client/use-call.ts';
import { useCluster, useHost, useResourcePool, useVm } from '#lib/client/use-inventory.ts';
import type { Verdict } from '#lib/model/verdict.ts';
import { useObjectMenu } from '../../inventory/object-menu.ts';
import { poolMenu } from '../../pools/pool-menu.ts';
import { vmMenu } from '../../vms/vm-menu.tsx';
import { openDialog } from '../dialog-url.ts';
import { KIND_LABELS } from '../object-icon.tsx';
import type { TreeNode } from './tree-model.ts';

export function useNodeMenu(node: TreeNode | null): readonly MenuItem[] {
  const router = useRouter();
  const id = node?.id ?? '';
  const vm = useVm(id, { enabled: node?.kind === 'vm' });
  const host = useHost(id, { enabled: node?.kind === 'host' });
  const cluster = useCluster(id, { enabled: node?.kind === 'cluster' });
  const pool = useResourcePool(id, { enabled: node?.kind === 'resourcePool' });
  const actions = useActions(id);
  const more = useObjectMenu(id);
  if (!node) return [];
  const href = node.href;
  const head: MenuItem[] = [
    { heading: `${KIND_LABELS[node.kind]} ${node.name}` },
    ...(href ? [{ id: 'open', label: 'Open', onSelect: () => router.push(href) }] : []),
  ];
  const items =
    node.kind === 'vm'
      ? vmMenu(
          {
            id,
            isTemplate: vm.data?.isTemplate ?? node.badge === 'template',
            actions: vm.data?.actions,
          },
          more,
        )
      : node.kind === 'host'
        ? [...hostItems(actions, host.data?.actions), 'separator' as const, ...more]
        : node.kind === 'cluster'
          ? [...clusterItems(actions, cluster.data?.actions), 'separator' as const, ...more]
          : node.kind === 'resourcePool'
            ? poolMenu(id, pool.data?.actions)
            : more;
  return items.length > 0 ? [...head, 'separator', ...items] : head;
}

interface NodeActions {
  id: string;
  exitMaintenance: () => void;
  connect: () => void;
}

type Verdicts = Record<string, Verdict> | undefined;

/**
 * What needs no question is done at once; its refusal comes as a notice, its course stands in
 * Recent Tasks.
 */
function useActions(id: string): NodeActions {
  const maintenance = useChange('setMaintenance');
  const connection = useChange('setConnection');
  const params = { id };
  return {
    id,
    exitMaintenance: () =>
      maintenance.mutate(
        { params, body: { enabled: false } },
        { onError: (error) => showFault('The host did not exit maintenance mode', error) },
      ),
    connect: () =>
      connection.mutate(
        { params, body: { connected: true } },
        { onError: (error) => showFault('The host was not connected', error) },
      ),
  };
}

function item(label: string, verdict: Verdict | undefined, onSelect: () => void): MenuEntry {
  return { id: label, label, disabledReason: reasonOf(verdict), onSelect };
}

function hostItems({ id, exitMaintenance, connect }: NodeActions, verdicts: Verdicts): MenuItem[] {
  return [
    item('Enter maintenance mode…', verdicts?.enterMaintenance, () =>
      openDialog('maintenance', { host: id, to: 'enter' }),
    ),
    item('Exit maintenance mode', verdicts?.exitMaintenance, exitMaintenance),
    'separator',
    item('Disconnect…', verdicts?.disconnect, () =>
      openDialog('connection', { host: id, to: 'disconnect' }),
    ),
    item('Connect', verdicts?.connect, connect),
  ];
}

function clusterItems({ id }: NodeActions, verdicts: Verdicts): MenuItem[] {
  return [
    item('Install I/O filter…', verdicts?.installFilter, () =>
      openDialog('installFilter', { cluster: id }),
    ),
    item('Edit DRS…', verdicts?.editDrs, () => openDialog('editDrs', { cluster: id })),
  ];
}
