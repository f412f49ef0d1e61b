'use client';
// Mounts a datastore on a host, or unmounts it there. URL: `datastore`, `host`, `to` (mount,
// unmount).
import type { UrlDialogProps } from '#components/shell/dialog-outlet.tsx';
import { useChange } from '#lib/client/use-call.ts';
import { useDatastore } from '#lib/client/use-inventory.ts';
import { apiCall } from '../tasks/api-call.ts';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { ConfirmDialog } from '../ui/overlays/confirm-dialog.tsx';
import { Banner } from '../ui/states/banner.tsx';
import { QueryState } from '../ui/states/query-state.tsx';

export function MountDatastoreDialog({ param, close }: UrlDialogProps) {
  const id = param('datastore') ?? '';
  const hostId = param('host') ?? '';
  const mounted = param('to') !== 'unmount';
  const query = useDatastore(id);
  const { mutateAsync } = useChange('mountDatastore');
  const datastore = query.data;
  const other = datastore?.otherHosts.find((host) => host.id === hostId);
  const mount = datastore?.hosts.find((host) => host.id === hostId);
  const verdict = mounted ? other?.verdict : datastore?.unmountActions[hostId];
  const hostName = other?.name ?? mount?.name ?? hostId;
  const verb = mounted ? 'Mount' : 'Unmount';
  const params = { id };
  const body = { hostId, mounted };
  return (
    <ConfirmDialog
      open
      onClose={close}
      title={`${verb} ${datastore?.name ?? 'the datastore'} on ${hostName}`}
      verb={verb}
      danger={!mounted}
      disabledReason={reasonOf(verdict)}
      onConfirm={() => mutateAsync({ params, body })}
      call={apiCall('mountDatastore', params, body)}
    >
      <QueryState query={query} lines={2}>
        {({ name, path }) => (
          <p>
            {mounted
              ? `${hostName} opens ${path}, and virtual machines on it can use ${name}.`
              : `${hostName} no longer reaches ${name}. Its files stay where they are, and other ` +
                'hosts keep it.'}
          </p>
        )}
      </QueryState>
      {verdict?.allowed === false && (
        <Banner tone="bad" title="This is not possible now" reasons={verdict.reasons} />
      )}
    </ConfirmDialog>
  );
}
