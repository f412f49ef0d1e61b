'use client';
// Everything that can be done to a VM, with the verdict on each: for its header, its context menu
// in the tree and in lists. Groups and order are those of the vSphere Client.
import { ArrowRightLeft, Camera, Copy, Pause, Play, Power, RotateCcw, Trash2 } from 'lucide-react';
import { openDialog } from '#components/shell/dialog-url.ts';
import type { Verdict } from '#lib/model/verdict.ts';
import { reasonOf } from '../ui/disabled-reason.tsx';
import type { MenuEntry, MenuItem } from '../ui/overlays/menu-item.ts';

export interface VmMenuSubject {
  id: string;
  isTemplate: boolean;
  /** Undefined while they are asked for. */
  actions: Record<string, Verdict> | undefined;
}

/** `more` is what any object can do (inventory/object-menu.ts). */
export function vmMenu(vm: VmMenuSubject, more: readonly MenuItem[]): MenuItem[] {
  const target = { vm: vm.id };
  const { actions } = vm;
  const storage: MenuItem[] = [
    entry('editPolicies', 'Edit VM storage policies…', actions?.editPolicies, () =>
      openDialog('editPolicies', target),
    ),
    entry('addDisk', 'Add disk…', addVerdict(actions), () => openDialog('addDisk', target)),
  ];
  if (vm.isTemplate) {
    return [
      {
        ...entry('deploy', 'Deploy virtual machine from it…', actions?.clone, () =>
          openDialog('clone', { ...target, to: 'vm' }),
        ),
        icon: <Copy size={13} />,
      },
      entry('cloneTemplate', 'Clone to template…', actions?.clone, () =>
        openDialog('clone', { ...target, to: 'template' }),
      ),
      entry('toVm', 'Convert to virtual machine…', actions?.markAsVirtualMachine, () =>
        openDialog('markTemplate', { ...target, to: 'vm' }),
      ),
      'separator',
      ...storage,
      'separator',
      ...more,
      'separator',
      ...removal(vm),
    ];
  }
  return [
    { id: 'power', label: 'Power', entries: powerItems(vm) },
    { id: 'snapshots', label: 'Snapshots', entries: snapshotItems(vm) },
    { id: 'clone', label: 'Clone', entries: cloneItems(vm) },
    'separator',
    {
      // The dialog says which of host and storage can be moved, and why the rest cannot.
      ...entry('migrate', 'Migrate…', either(actions?.migrate, actions?.relocate), () =>
        openDialog('migrate', target),
      ),
      icon: <ArrowRightLeft size={13} />,
    },
    ...storage,
    entry('recrypt', 'Re-encrypt…', actions?.recrypt, () => openDialog('recrypt', target)),
    entry('startWorkload', 'Start a workload…', actions?.startWorkload, () =>
      openDialog('startWorkload', target),
    ),
    'separator',
    ...more,
    'separator',
    ...removal(vm),
  ];
}

function powerItems({ id, actions }: VmMenuSubject): MenuItem[] {
  const to = (state: string) => () => openDialog('power', { vm: id, to: state });
  return [
    {
      ...entry('powerOn', 'Power on', actions?.powerOn, to('poweredOn')),
      icon: <Play size={13} />,
    },
    {
      ...entry('powerOff', 'Power off…', actions?.powerOff, to('poweredOff')),
      icon: <Power size={13} />,
      danger: true,
    },
    {
      ...entry('suspend', 'Suspend…', actions?.suspend, to('suspended')),
      icon: <Pause size={13} />,
    },
    {
      ...entry('reset', 'Reset…', actions?.reset, to('reset')),
      icon: <RotateCcw size={13} />,
      danger: true,
    },
  ];
}

function snapshotItems({ id, actions }: VmMenuSubject): MenuItem[] {
  return [
    {
      ...entry('takeSnapshot', 'Take snapshot…', actions?.createSnapshot, () =>
        openDialog('takeSnapshot', { vm: id }),
      ),
      icon: <Camera size={13} />,
    },
    entry('removeAll', 'Delete all snapshots…', actions?.removeAllSnapshots, () =>
      openDialog('removeSnapshot', { vm: id, scope: 'all' }),
    ),
    entry('consolidate', 'Consolidate disks…', actions?.consolidateDisks, () =>
      openDialog('consolidate', { vm: id }),
    ),
  ];
}

function cloneItems({ id, actions }: VmMenuSubject): MenuItem[] {
  const to = (kind: string) => () => openDialog('clone', { vm: id, to: kind });
  return [
    {
      ...entry('cloneVm', 'Clone to virtual machine…', actions?.clone, to('vm')),
      icon: <Copy size={13} />,
    },
    entry('cloneLinked', 'Clone to linked clone…', actions?.createLinkedClone, to('linked')),
    entry('cloneTemplate', 'Clone to template…', actions?.clone, to('template')),
    'separator',
    entry('toTemplate', 'Convert to template…', actions?.markAsTemplate, () =>
      openDialog('markTemplate', { vm: id, to: 'template' }),
    ),
  ];
}

function removal({ id, actions }: VmMenuSubject): MenuItem[] {
  return [
    {
      ...entry('delete', 'Delete from disk…', actions?.delete, () =>
        openDialog('deleteVm', { vm: id }),
      ),
      icon: <Trash2 size={13} />,
      danger: true,
    },
  ];
}

function entry(
  id: string,
  label: string,
  verdict: Verdict | undefined,
  onSelect: () => void,
): MenuEntry {
  return { id, label, disabledReason: reasonOf(verdict), onSelect };
}

/** Adding is possible when one of the three ways is; else the reasons of the first. */
export function addVerdict(actions: Record<string, Verdict> | undefined): Verdict | undefined {
  return either(either(actions?.addDisk, actions?.addExistingDisk), actions?.addRawDevice);
}

function either(first: Verdict | undefined, second: Verdict | undefined): Verdict | undefined {
  return second?.allowed ? second : first;
}
