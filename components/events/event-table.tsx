'use client';
// Events as a table: when, how grave, what happened, who did it.
// Props: `rows`, `id` of the table in the URL, `height`.
import { ScrollText } from 'lucide-react';
import Link from 'next/link';
import type { EventView } from '#lib/wire/api/tasks.ts';
import { DataTable } from '../tables/data-table.tsx';
import type { TableColumn } from '../tables/table-column.ts';
import { Age } from '../ui/age.tsx';
import { Badge, type Tone } from '../ui/badge.tsx';
import { EmptyState } from '../ui/states/empty-state.tsx';

export interface EventTableProps {
  rows: readonly EventView[] | undefined;
  id?: string;
  height?: number;
}

export const SEVERITIES: Record<EventView['severity'], { label: string; tone: Tone }> = {
  info: { label: 'Information', tone: 'info' },
  warning: { label: 'Warning', tone: 'warn' },
  error: { label: 'Error', tone: 'bad' },
};

const COLUMNS: readonly TableColumn<EventView>[] = [
  {
    id: 'at',
    header: 'Time',
    width: 130,
    value: ({ at }) => at,
    cell: ({ at }) => <Age at={at} short />,
  },
  {
    id: 'severity',
    header: 'Severity',
    width: 120,
    facet: true,
    value: ({ severity }) => SEVERITIES[severity].label,
    cell: ({ severity }) => (
      <Badge tone={SEVERITIES[severity].tone} subtle>
        {SEVERITIES[severity].label}
      </Badge>
    ),
  },
  { id: 'message', header: 'Event', grow: true, width: 320, value: ({ message }) => message },
  { id: 'initiator', header: 'Initiator', width: 120, facet: true, value: (row) => row.initiator },
  { id: 'type', header: 'Type', width: 220, hidden: true, facet: true, value: ({ type }) => type },
  {
    id: 'task',
    header: 'Task',
    width: 100,
    value: ({ taskId }) => taskId,
    cell: ({ taskId }) => (taskId ? <Link href={`/tasks/${taskId}`}>{taskId}</Link> : null),
  },
];

export function EventTable({ rows, id = 'events', height }: EventTableProps) {
  return (
    <DataTable
      id={id}
      label="Events"
      rows={rows}
      rowId={(event) => event.id}
      columns={COLUMNS}
      defaultSort={{ column: 'at', descending: true }}
      height={height}
      empty={
        <EmptyState icon={ScrollText} title="No events yet">
          What happens to the inventory stands here, whoever or whatever made it happen.
        </EmptyState>
      }
    />
  );
}
