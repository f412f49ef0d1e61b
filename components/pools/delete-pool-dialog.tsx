'use client';
// Deletes a resource pool; what is in it goes to where it was itself. URL: `pool`.
import { usePathname, useRouter } from 'next/navigation';
import type { UrlDialogProps } from '#components/shell/dialog-outlet.tsx';
import { useChange } from '#lib/client/use-call.ts';
import { useResourcePool } from '#lib/client/use-inventory.ts';
import { objectPath } from '../objects/object-paths.ts';
import { apiCall } from '../tasks/api-call.ts';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { ConfirmDialog } from '../ui/overlays/confirm-dialog.tsx';
import { QueryState } from '../ui/states/query-state.tsx';

export function DeletePoolDialog({ param, close }: UrlDialogProps) {
  const id = param('pool') ?? '';
  const pool = useResourcePool(id);
  const router = useRouter();
  const isOnItsPage = usePathname() === objectPath(id);
  const { mutateAsync } = useChange('deleteResourcePool');
  const above = pool.data?.parent ?? pool.data?.owner;
  return (
    <ConfirmDialog
      open
      onClose={close}
      danger
      title={`Delete ${pool.data?.name ?? 'the resource pool'}`}
      verb="Delete"
      disabledReason={reasonOf(pool.data?.actions.delete)}
      onConfirm={async () => {
        await mutateAsync({ params: { id } });
        close();
        if (isOnItsPage) router.push((above && objectPath(above.id)) ?? '/');
      }}
      call={apiCall('deleteResourcePool', { id })}
    >
      <QueryState query={pool} lines={2}>
        {({ name }) => (
          <p>
            {`The virtual machines and resource pools in ${name} go up to ` +
              `${above?.name ?? 'where it is'} and run on. What ${name} reserves is free again.`}
          </p>
        )}
      </QueryState>
    </ConfirmDialog>
  );
}
