'use client';
// The actions of a VM in its header. Each that is not possible says why.
// Props: `vm`.
import { ArrowRightLeft, Camera, Copy, Play } from 'lucide-react';
import { openDialog } from '#components/shell/dialog-url.ts';
import type { VmView } from '#lib/wire/api/inventory.ts';
import { useObjectMenu } from '../inventory/object-menu.ts';
import { ActionsMenu } from '../objects/actions-menu.tsx';
import { Button } from '../ui/button.tsx';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { vmMenu } from './vm-menu.tsx';

export function VmActions({ vm }: { vm: VmView }) {
  const { id, actions, isTemplate, powerState } = vm;
  const more = useObjectMenu(id);
  if (isTemplate) {
    return (
      <>
        <Button
          icon={<Copy size={13} />}
          disabledReason={reasonOf(actions.clone)}
          onClick={() => openDialog('clone', { vm: id, to: 'vm' })}
        >
          Deploy virtual machine…
        </Button>
        <ActionsMenu items={vmMenu(vm, more)} />
      </>
    );
  }
  return (
    <>
      {powerState !== 'poweredOn' && (
        <Button
          icon={<Play size={13} />}
          disabledReason={reasonOf(actions.powerOn)}
          onClick={() => openDialog('power', { vm: id, to: 'poweredOn' })}
        >
          {powerState === 'suspended' ? 'Resume' : 'Power on'}
        </Button>
      )}
      <Button
        icon={<ArrowRightLeft size={13} />}
        disabledReason={reasonOf(actions.migrate)}
        onClick={() => openDialog('migrate', { vm: id })}
      >
        Migrate…
      </Button>
      <Button
        icon={<Camera size={13} />}
        disabledReason={reasonOf(actions.createSnapshot)}
        onClick={() => openDialog('takeSnapshot', { vm: id })}
      >
        Take snapshot…
      </Button>
      <ActionsMenu items={vmMenu(vm, more)} />
    </>
  );
}
