'use client';
// Deletes a VIB from the depot; where it is installed it is in the way. URL: `vib`.
import { usePathname, useRouter } from 'next/navigation';
import type { UrlDialogProps } from '#components/shell/dialog-outlet.tsx';
import { useDeleteVib, useDepotVibs } from '#lib/client/use-policies.ts';
import { apiCall } from '../tasks/api-call.ts';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { ConfirmDialog } from '../ui/overlays/confirm-dialog.tsx';
import { Banner } from '../ui/states/banner.tsx';
import { QueryState } from '../ui/states/query-state.tsx';

export function DeleteVibDialog({ param, close }: UrlDialogProps) {
  const id = param('vib') ?? '';
  const vibs = useDepotVibs();
  const router = useRouter();
  const onItsPage = usePathname() === `/depot/vibs/${id}`;
  const { mutateAsync } = useDeleteVib();
  const vib = vibs.data?.find((one) => one.id === id);
  const name = vib?.inspection.descriptor.name ?? 'the VIB';
  return (
    <ConfirmDialog
      open
      onClose={close}
      danger
      title={`Delete ${name}`}
      verb="Delete"
      disabledReason={reasonOf(vib?.actions.delete)}
      onConfirm={async () => {
        await mutateAsync({ params: { id } });
        close();
        if (onItsPage) router.push('/depot');
      }}
      call={apiCall('deleteVib', { id })}
    >
      <QueryState query={vibs} lines={2}>
        {() =>
          vib?.actions.delete?.allowed === false ? (
            <Banner
              tone="bad"
              title="This is not possible now"
              reasons={vib.actions.delete.reasons}
            />
          ) : (
            <p>
              {`${name} ${vib?.inspection.descriptor.version ?? ''} is deleted from the ` +
                'depot. To install it again, upload it again.'}
            </p>
          )
        }
      </QueryState>
    </ConfirmDialog>
  );
}
