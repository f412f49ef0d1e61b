'use client';
// Uninstall an I/O filter from a cluster. Disks that use it are in the way, and named.
// URL: `cluster`, `filter`.
import type { UrlDialogProps } from '#components/shell/dialog-outlet.tsx';
import { useChange } from '#lib/client/use-call.ts';
import { useCluster } from '#lib/client/use-inventory.ts';
import type { ClusterFilterView } from '#lib/wire/api/inventory.ts';
import { ObjectLink } from '../objects/object-link.tsx';
import { apiCall } from '../tasks/api-call.ts';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { ConfirmDialog } from '../ui/overlays/confirm-dialog.tsx';
import { Banner } from '../ui/states/banner.tsx';
import { QueryState } from '../ui/states/query-state.tsx';

export function UninstallFilterDialog({ param, close }: UrlDialogProps) {
  const clusterId = param('cluster') ?? '';
  const filterId = param('filter') ?? '';
  const cluster = useCluster(clusterId);
  const { mutateAsync } = useChange('uninstallIoFilter');
  const filter = cluster.data?.filters.find((one) => one.filterId === filterId);
  const params = { id: clusterId, filterId };
  return (
    <ConfirmDialog
      open
      onClose={close}
      danger
      title={`Uninstall ${filter?.name ?? 'the I/O filter'}`}
      verb="Uninstall"
      disabledReason={filter ? reasonOf(filter.actions.uninstall) : 'The filter is not there.'}
      onConfirm={() => mutateAsync({ params })}
      call={apiCall('uninstallIoFilter', params)}
    >
      <QueryState query={cluster} lines={3}>
        {(known) => (
          <>
            <p>
              {`${filter?.name ?? filterId} ${filter?.version ?? ''} is removed from the ` +
                `image of every host of ${known.name}. Policies that name it stay, and no ` +
                'host is compatible with them then.'}
            </p>
            {filter && <DisksInUse filter={filter} />}
          </>
        )}
      </QueryState>
    </ConfirmDialog>
  );
}

function DisksInUse({ filter }: { filter: ClusterFilterView }) {
  if (filter.disksInUse.length === 0) return <p className="text-muted">No disk uses it.</p>;
  return (
    <Banner tone="bad" title="These disks use it; detach it from them first">
      <ul>
        {filter.disksInUse.map(({ vm, diskKey, diskLabel }) => (
          <li key={`${vm.id} ${diskKey}`}>
            <ObjectLink {...vm} />
            {`, ${diskLabel}`}
          </li>
        ))}
      </ul>
    </Banner>
  );
}
