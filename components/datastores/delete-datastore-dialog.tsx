'use client';
// Takes a datastore out of the inventory; its files stay. URL: `datastore`.
import { usePathname, useRouter } from 'next/navigation';
import type { UrlDialogProps } from '#components/shell/dialog-outlet.tsx';
import { useChange } from '#lib/client/use-call.ts';
import { useDatastore } from '#lib/client/use-inventory.ts';
import { formatNoun } from '../format/quantities.ts';
import { apiCall } from '../tasks/api-call.ts';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { ConfirmDialog } from '../ui/overlays/confirm-dialog.tsx';
import { Banner } from '../ui/states/banner.tsx';
import { QueryState } from '../ui/states/query-state.tsx';

export function DeleteDatastoreDialog({ param, close }: UrlDialogProps) {
  const router = useRouter();
  const path = usePathname();
  const id = param('datastore') ?? '';
  const query = useDatastore(id);
  const { mutateAsync } = useChange('deleteDatastore');
  const verdict = query.data?.actions.delete;
  const params = { id };
  const remove = async () => {
    await mutateAsync({ params });
    // Closing writes the URL at once: it comes first, or it would undo the way to the list.
    close();
    if (path === `/datastores/${id}`) router.push('/datastores');
  };
  return (
    <ConfirmDialog
      open
      onClose={close}
      title={`Delete ${query.data?.name ?? 'the datastore'}`}
      verb="Delete"
      danger
      disabledReason={reasonOf(verdict)}
      onConfirm={remove}
      call={apiCall('deleteDatastore', params)}
    >
      <QueryState query={query} lines={2}>
        {({ name, path: directory, hosts }) => (
          <p>
            {`${name} is unmounted on ${formatNoun(hosts.length, 'host')} and leaves the ` +
              `inventory. The files in ${directory} stay, and can be mounted again.`}
          </p>
        )}
      </QueryState>
      {verdict?.allowed === false && (
        <Banner tone="bad" title="This is not possible now" reasons={verdict.reasons} />
      )}
    </ConfirmDialog>
  );
}
