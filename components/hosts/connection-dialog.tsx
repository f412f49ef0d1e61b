'use client';
// Disconnect or connect a host, after saying what that means. URL: `host`, `to` (disconnect,
// connect).
import type { UrlDialogProps } from '#components/shell/dialog-outlet.tsx';
import { useChange } from '#lib/client/use-call.ts';
import { useHost } from '#lib/client/use-inventory.ts';
import { apiCall } from '../tasks/api-call.ts';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { ConfirmDialog } from '../ui/overlays/confirm-dialog.tsx';
import { QueryState } from '../ui/states/query-state.tsx';

export function ConnectionDialog({ param, close }: UrlDialogProps) {
  const id = param('host') ?? '';
  const connected = param('to') === 'connect';
  const host = useHost(id);
  const { mutateAsync } = useChange('setConnection');
  const verb = connected ? 'Connect' : 'Disconnect';
  const actions = host.data?.actions;
  return (
    <ConfirmDialog
      open
      onClose={close}
      title={`${verb} ${host.data?.name ?? 'the host'}`}
      verb={verb}
      danger={!connected}
      disabledReason={reasonOf(connected ? actions?.connect : actions?.disconnect)}
      onConfirm={() => mutateAsync({ params: { id }, body: { connected } })}
      call={apiCall('setConnection', { id }, { connected })}
    >
      <QueryState query={host} lines={2}>
        {({ name, poweredOnVmCount }) =>
          connected ? (
            <p>
              {`${name} is managed again: its state is read, and what differs from what ` +
                'was ordered is mended.'}
            </p>
          ) : (
            <p>
              {`${name} is not managed any more until it is connected again. Its ` +
                `${poweredOnVmCount} running virtual machines run on, and their disks stay ` +
                'reachable.'}
            </p>
          )
        }
      </QueryState>
    </ConfirmDialog>
  );
}
