'use client';
// Redo logs of snapshots that were removed wait to be merged: what that means, and the way to do it
// now. Kept in view while it runs. Props: `vm`.
import { useTaskCall } from '#lib/client/use-tasks.ts';
import type { VmView } from '#lib/wire/api/inventory.ts';
import { Button } from '../ui/button.tsx';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { Banner } from '../ui/states/banner.tsx';
import { ErrorState } from '../ui/states/error-state.tsx';

export function ConsolidationNotice({ vm }: { vm: VmView }) {
  const { start, error, isBusy } = useTaskCall('consolidateDisks');
  if (!vm.consolidationNeeded) return null;
  return (
    <Banner
      tone="warn"
      title={`The disks of ${vm.name} need consolidation`}
      actions={
        <Button
          busy={isBusy}
          disabledReason={reasonOf(vm.actions.consolidateDisks)}
          onClick={() => void start({ params: { id: vm.id } })}
        >
          Consolidate disks
        </Button>
      }
    >
      <p>
        Redo logs of snapshots that are gone still lie below its disks. Nothing is lost; they take
        space and slow it down until they are merged.
      </p>
      {error && !isBusy && <ErrorState error={error} compact />}
    </Banner>
  );
}
