'use client';
// What the dialogs about a snapshot share: the VM and the snapshot that the URL names, as far as
// they are there.
import type { UrlDialogProps } from '#components/shell/dialog-outlet.tsx';
import { useVm } from '#lib/client/use-inventory.ts';
import type { SnapshotView } from '#lib/wire/api/vm-operations.ts';

export function useUrlSnapshot(param: UrlDialogProps['param']) {
  const vmId = param('vm') ?? '';
  const vm = useVm(vmId);
  const wanted = Number(param('snapshot') ?? '');
  const snapshot: SnapshotView | null = vm.data?.snapshots.find(({ id }) => id === wanted) ?? null;
  return { vmId, vm, snapshotId: wanted, snapshot };
}
