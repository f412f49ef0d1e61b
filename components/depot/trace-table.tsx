'use client';
// Recorded vSCSI traces in the depot, for the trace player. Props: `rows`, `upload` (the button of
// the empty state).
import { Activity } from 'lucide-react';
import type { ReactNode } from 'react';
import { useDeleteTraceFile } from '#lib/client/use-policies.ts';
import type { TraceFileView } from '#lib/wire/api/operations.ts';
import { formatBytes, formatCount } from '../format/quantities.ts';
import { formatDuration } from '../format/times.ts';
import { DataTable } from '../tables/data-table.tsx';
import type { TableColumn } from '../tables/table-column.ts';
import { Age } from '../ui/age.tsx';
import { showFault } from '../ui/overlays/toast.tsx';
import { EmptyState } from '../ui/states/empty-state.tsx';

const COLUMNS: readonly TableColumn<TraceFileView>[] = [
  { id: 'name', header: 'Name', grow: true, width: 200, value: ({ name }) => name },
  {
    id: 'format',
    header: 'Format',
    width: 110,
    facet: true,
    value: ({ formatVersion }) => `vSCSI v${formatVersion}`,
  },
  numeric('records', 'I/Os', ({ records }) => records, formatCount),
  numeric('reads', 'Reads', ({ reads }) => reads, formatCount),
  numeric('writes', 'Writes', ({ writes }) => writes, formatCount),
  numeric('duration', 'Recorded time', ({ durationMs }) => durationMs, formatDuration),
  numeric('span', 'Disk span', ({ spanBytes }) => spanBytes, formatBytes),
  numeric('size', 'Size', ({ sizeBytes }) => sizeBytes, formatBytes),
  {
    id: 'added',
    header: 'Added',
    width: 130,
    value: ({ addedAt }) => addedAt,
    cell: ({ addedAt }) => <Age at={addedAt} />,
  },
];

interface TraceFileTableProps {
  rows: readonly TraceFileView[] | undefined;
  upload: ReactNode;
}

export function TraceFileTable({ rows, upload }: TraceFileTableProps) {
  const remove = useDeleteTraceFile();
  return (
    <DataTable
      id="traces"
      label="Traces"
      rows={rows}
      rowId={(trace) => trace.id}
      columns={COLUMNS}
      defaultSort={{ column: 'name', descending: false }}
      height={480}
      rowMenu={({ id }) => [
        {
          id: 'delete',
          label: 'Delete',
          danger: true,
          onSelect: () =>
            remove.mutate(
              { params: { id } },
              { onError: (error) => showFault('The trace was not deleted', error) },
            ),
        },
      ]}
      empty={
        <EmptyState icon={Activity} title="No traces yet" action={upload}>
          A trace recorded by vscsiStats can be played against any disk. Versions 1 and 2 are read.
        </EmptyState>
      }
    />
  );
}

function numeric(
  id: string,
  header: string,
  value: (row: TraceFileView) => number,
  format: (value: number) => string,
): TableColumn<TraceFileView> {
  return { id, header, width: 110, align: 'end', value, text: (row) => format(value(row)) };
}
