'use client';
// The actions of a VM in its header. Each that is not possible says why.
// Props: `vm`.
import { ArrowRightLeft, Play, Power } from 'lucide-react';
import { openDialog } from '#components/shell/dialog-url.ts';
import type { VmView } from '#lib/wire/api/inventory.ts';
import { ActionsMenu } from '../objects/actions-menu.tsx';
import { Button } from '../ui/button.tsx';
import { reasonOf } from '../ui/disabled-reason.tsx';
import type { MenuItem } from '../ui/overlays/menu-item.ts';

export function VmActions({ vm }: { vm: VmView }) {
  const on = vm.powerState === 'poweredOn';
  const power = (to: 'poweredOn' | 'poweredOff') => openDialog('power', { vm: vm.id, to });
  return (
    <>
      {!on && (
        <Button
          icon={<Play size={13} />}
          disabledReason={reasonOf(vm.actions.powerOn)}
          onClick={() => power('poweredOn')}
        >
          Power on
        </Button>
      )}
      <Button
        icon={<ArrowRightLeft size={13} />}
        disabledReason={reasonOf(vm.actions.migrate)}
        onClick={() => openDialog('migrate', { vm: vm.id })}
      >
        Migrate…
      </Button>
      <ActionsMenu items={vmMenu(vm)} />
    </>
  );
}

/** All actions of a VM with their verdicts, for menus. */
function vmMenu({ id, actions }: Pick<VmView, 'id' | 'actions'>): MenuItem[] {
  return [
    {
      id: 'powerOn',
      label: 'Power on',
      icon: <Play size={13} />,
      disabledReason: reasonOf(actions.powerOn),
      onSelect: () => openDialog('power', { vm: id, to: 'poweredOn' }),
    },
    {
      id: 'powerOff',
      label: 'Power off…',
      icon: <Power size={13} />,
      danger: true,
      disabledReason: reasonOf(actions.powerOff),
      onSelect: () => openDialog('power', { vm: id, to: 'poweredOff' }),
    },
    'separator',
    {
      id: 'migrate',
      label: 'Migrate…',
      icon: <ArrowRightLeft size={13} />,
      disabledReason: reasonOf(actions.migrate),
      onSelect: () => openDialog('migrate', { vm: id }),
    },
    {
      id: 'editPolicies',
      label: 'Edit VM storage policies…',
      disabledReason: reasonOf(actions.editPolicies),
      onSelect: () => openDialog('editPolicies', { vm: id }),
    },
    {
      id: 'startWorkload',
      label: 'Start a workload…',
      disabledReason: reasonOf(actions.startWorkload),
      onSelect: () => openDialog('startWorkload', { vm: id }),
    },
  ];
}
