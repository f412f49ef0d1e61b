'use client';
// Remove a host from the inventory, after saying what that means. URL: `host`.
import type { UrlDialogProps } from '#components/shell/dialog-outlet.tsx';
import { useChange } from '#lib/client/use-call.ts';
import { useHost } from '#lib/client/use-inventory.ts';
import { apiCall } from '../tasks/api-call.ts';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { ConfirmDialog } from '../ui/overlays/confirm-dialog.tsx';
import { Banner } from '../ui/states/banner.tsx';
import { QueryState } from '../ui/states/query-state.tsx';

export function RemoveHostDialog({ param, close }: UrlDialogProps) {
  const id = param('host') ?? '';
  const host = useHost(id);
  const { mutateAsync } = useChange('removeHost');
  const verdict = host.data?.actions.remove;
  return (
    <ConfirmDialog
      open
      onClose={close}
      danger
      title={`Remove ${host.data?.name ?? 'the host'}`}
      verb="Remove"
      disabledReason={host.data ? reasonOf(verdict) : 'The host is not there.'}
      onConfirm={() => mutateAsync({ params: { id } })}
      call={apiCall('removeHost', { id })}
    >
      <QueryState query={host} lines={3}>
        {({ name, cluster }) => (
          <>
            {verdict?.allowed === false && (
              <Banner tone="bad" title="This is not possible now" reasons={verdict.reasons} />
            )}
            <p>
              {cluster
                ? `${name} loses the I/O filters of ${cluster.name} and is not managed any more. `
                : `${name} is not managed any more. `}
              Its agent runs on, and the host can be added again.
            </p>
          </>
        )}
      </QueryState>
    </ConfirmDialog>
  );
}
