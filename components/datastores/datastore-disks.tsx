'use client';
// The virtual disks on a datastore as a table: whose, how large, what they take, how healthy.
// Props: `disks`.
import type { DatastoreView } from '#lib/wire/api/datastores.ts';
import { Health } from '../disks/disk-health.tsx';
import { provisioningLabel } from '../disks/disk-words.ts';
import { ObjectLink } from '../objects/object-link.tsx';
import { bytesColumn } from '../tables/bytes-column.ts';
import { DataTable } from '../tables/data-table.tsx';
import type { TableColumn } from '../tables/table-column.ts';
import { EmptyState } from '../ui/states/empty-state.tsx';

type DatastoreDisk = DatastoreView['disks'][number];

const TABLE_HEIGHT = 420;
const COLUMNS: readonly TableColumn<DatastoreDisk>[] = [
  {
    id: 'vm',
    header: 'Virtual machine',
    width: 160,
    value: ({ vm }) => vm.name,
    cell: ({ vm }) => <ObjectLink {...vm} />,
  },
  { id: 'disk', header: 'Disk', width: 110, value: ({ label }) => label },
  { id: 'path', header: 'Descriptor', grow: true, width: 220, value: ({ path }) => path },
  {
    id: 'provisioning',
    header: 'Provisioning',
    width: 160,
    facet: true,
    value: ({ provisioning }) => provisioningLabel(provisioning),
  },
  {
    id: 'health',
    header: 'Health',
    width: 160,
    facet: true,
    value: ({ health }) => health,
    cell: ({ health }) => (health === '' ? null : <Health text={health} />),
  },
  bytesColumn({
    id: 'used',
    header: 'Used',
    value: ({ usedBytes }) => usedBytes,
  }),
  bytesColumn({
    id: 'capacity',
    header: 'Capacity',
    value: ({ capacityBytes }) => capacityBytes,
  }),
];

export function DatastoreDisks({ disks }: { disks: readonly DatastoreDisk[] }) {
  return (
    <DataTable
      id="disks"
      label="Virtual disks"
      rows={disks}
      rowId={({ vm, diskKey }) => `${vm.id} ${diskKey}`}
      columns={COLUMNS}
      height={TABLE_HEIGHT}
      empty={<EmptyState title="No virtual disks on this datastore" />}
    />
  );
}
