'use client';
// The VIBs of the depot as a table. Props: `rows`, `upload` (the button of the empty state).
import { Package } from 'lucide-react';
import { useRouter } from 'next/navigation';
import type { ReactNode } from 'react';
import { openDialog } from '#components/shell/dialog-url.ts';
import { FILTER_CLASSES } from '#lib/model/filter-class.ts';
import type { DepotVibView } from '#lib/wire/api/operations.ts';
import { ObjectLink } from '../objects/object-link.tsx';
import { bytesColumn } from '../tables/bytes-column.ts';
import { DataTable } from '../tables/data-table.tsx';
import type { TableColumn } from '../tables/table-column.ts';
import { Age } from '../ui/age.tsx';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { EmptyState } from '../ui/states/empty-state.tsx';
import { acceptanceLabel } from './vib-details.tsx';

const COLUMNS: readonly TableColumn<DepotVibView>[] = [
  {
    id: 'name',
    header: 'Name',
    width: 150,
    value: ({ inspection }) => inspection.descriptor.name,
    cell: ({ id, inspection }) => <ObjectLink id={id} name={inspection.descriptor.name} />,
  },
  {
    id: 'version',
    header: 'Version',
    width: 80,
    value: ({ inspection }) => inspection.descriptor.version,
  },
  {
    id: 'vendor',
    header: 'Vendor',
    width: 100,
    facet: true,
    value: ({ inspection }) => inspection.descriptor.vendor,
  },
  {
    id: 'class',
    header: 'Class',
    width: 150,
    facet: true,
    value: ({ inspection: { filter } }) =>
      filter ? FILTER_CLASSES[filter.class].label : 'No I/O filter',
  },
  {
    id: 'level',
    header: 'Acceptance level',
    width: 160,
    facet: true,
    value: ({ inspection }) => acceptanceLabel(inspection.descriptor.acceptanceLevel),
  },
  {
    id: 'signer',
    header: 'Signed by',
    grow: true,
    width: 180,
    value: ({ inspection }) => inspection.signers.map(({ subject }) => subject).join(', '),
    text: ({ inspection }) =>
      inspection.signers.map(({ subject }) => subject).join(', ') || 'Nobody',
  },
  {
    id: 'clusters',
    header: 'Installed on',
    width: 110,
    value: ({ installedOn }) => installedOn.map(({ name }) => name).join(', '),
  },
  bytesColumn({
    id: 'size',
    header: 'Size',
    width: 80,
    value: ({ inspection }) => inspection.sizeBytes,
  }),
  {
    id: 'added',
    header: 'Added',
    width: 110,
    hidden: true,
    value: ({ addedAt }) => addedAt,
    cell: ({ addedAt }) => <Age at={addedAt} />,
  },
];

interface VibTableProps {
  rows: readonly DepotVibView[] | undefined;
  upload: ReactNode;
}

export function VibTable({ rows, upload }: VibTableProps) {
  const router = useRouter();
  return (
    <DataTable
      id="vibs"
      label="VIBs"
      rows={rows}
      rowId={(vib) => vib.id}
      columns={COLUMNS}
      defaultSort={{ column: 'name', descending: false }}
      height={480}
      onOpen={(vib) => router.push(`/depot/vibs/${vib.id}`)}
      rowMenu={({ id, actions }) => [
        {
          id: 'delete',
          label: 'Delete…',
          danger: true,
          disabledReason: reasonOf(actions.delete),
          onSelect: () => openDialog('deleteVib', { vib: id }),
        },
      ]}
      empty={
        <EmptyState icon={Package} title="The depot is empty" action={upload}>
          A VIB brings an I/O filter. Upload one, see who signed it, then install it on a cluster.
        </EmptyState>
      }
    />
  );
}
