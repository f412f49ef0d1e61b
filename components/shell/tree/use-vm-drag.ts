'use client';
// Dragging a VM onto a host: each host shows whether it could take the VM, with the reason when it
// cannot; dropping opens the migrate dialog with that host chosen. Dragged onto a folder, it opens
// the dialog that moves it there.
import { type DragEvent, useState } from 'react';
import { useMigrationTargets } from '#lib/client/use-inventory.ts';
import { openDialog } from '../dialog-url.ts';
import type { TreeNode } from './tree-model.ts';

export interface VmDrag {
  /** Null: nothing is dragged, or this is neither a host nor a folder for VMs. */
  dropState: (node: TreeNode) => 'possible' | 'refused' | null;
  handlers: (node: TreeNode) => DragHandlers;
  /** Why the host below the pointer cannot take the VM; empty otherwise. */
  hint: string;
}

interface DragHandlers {
  onDragStart?: (event: DragEvent) => void;
  onDragEnd?: () => void;
  onDragOver?: (event: DragEvent) => void;
  onDrop?: (event: DragEvent) => void;
}

export function useVmDrag(): VmDrag {
  const [vm, setVm] = useState<TreeNode | null>(null);
  const [over, setOver] = useState<string | null>(null);
  const { data } = useMigrationTargets(vm?.id ?? '', { enabled: vm !== null });
  const targetOf = (hostId: string | null) =>
    data?.targets.find((target) => target.host.id === hostId);
  const refusal = vm && targetOf(over);
  const stop = () => {
    setVm(null);
    setOver(null);
  };
  return {
    hint: refusal && !refusal.verdict.allowed ? reasonsOf(refusal.verdict.reasons) : '',
    dropState: (node) => {
      if (!vm) return null;
      if (node.kind === 'vmFolder') return node.id === vm.folderId ? null : 'possible';
      if (node.kind !== 'host') return null;
      const target = targetOf(node.id);
      if (!target) return null;
      return target.verdict.allowed ? 'possible' : 'refused';
    },
    handlers: (node) => {
      if (node.kind === 'vm') {
        return {
          onDragStart: (event) => {
            event.dataTransfer.setData('text/plain', node.name);
            event.dataTransfer.effectAllowed = 'move';
            setVm(node);
          },
          onDragEnd: stop,
        };
      }
      if ((node.kind !== 'host' && node.kind !== 'vmFolder') || !vm) return {};
      return {
        onDragOver: (event) => {
          setOver(node.id);
          // A refused host still takes the drop: the dialog tells all the reasons, and what would
          // mend them.
          event.preventDefault();
          event.dataTransfer.dropEffect = 'move';
        },
        onDrop: (event) => {
          event.preventDefault();
          if (node.kind === 'host') openDialog('migrate', { vm: vm.id, host: node.id });
          else openDialog('moveObject', { object: vm.id, to: node.id });
          stop();
        },
      };
    },
  };
}

function reasonsOf(reasons: readonly { message: string }[]): string {
  return reasons.map(({ message }) => message).join(' ');
}
