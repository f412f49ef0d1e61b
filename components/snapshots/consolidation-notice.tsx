'use client';
// Redo logs of snapshots that were removed wait to be merged: what that means, and the way to do it
// now. Props: `vm`.
import { openDialog } from '#components/shell/dialog-url.ts';
import type { VmView } from '#lib/wire/api/inventory.ts';
import { Button } from '../ui/button.tsx';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { Banner } from '../ui/states/banner.tsx';

export function ConsolidationNotice({ vm }: { vm: VmView }) {
  if (!vm.consolidationNeeded) return null;
  return (
    <Banner
      tone="warn"
      title={`The disks of ${vm.name} need consolidation`}
      actions={
        <Button
          disabledReason={reasonOf(vm.actions.consolidateDisks)}
          onClick={() => openDialog('consolidate', { vm: vm.id })}
        >
          Consolidate disks…
        </Button>
      }
    >
      <p>
        Redo logs of snapshots that are gone still lie below its disks. Nothing is lost; they take
        space and slow it down until they are merged.
      </p>
    </Banner>
  );
}
