'use client';
// Datastores as a table. Props: `rows`.
import { Database } from 'lucide-react';
import { useRouter } from 'next/navigation';
import type { DatastoreSummary } from '#lib/wire/api/datastores.ts';
import { formatBytes } from '../format/quantities.ts';
import { useColumnsWithTags } from '../inventory/use-tag-names.ts';
import { ObjectLink } from '../objects/object-link.tsx';
import { bytesColumn } from '../tables/bytes-column.ts';
import { DataTable } from '../tables/data-table.tsx';
import type { TableColumn } from '../tables/table-column.ts';
import { ProgressBar } from '../ui/progress-bar.tsx';
import { EmptyState } from '../ui/states/empty-state.tsx';
import { DATASTORE_TYPES } from './datastore-words.ts';

const COLUMNS: readonly TableColumn<DatastoreSummary>[] = [
  {
    id: 'name',
    header: 'Name',
    grow: true,
    value: ({ name }) => name,
    cell: ({ id, name }) => (
      <span className="flex min-w-0 items-center gap-2">
        <Database aria-hidden size={16} strokeWidth={1.75} />
        <ObjectLink id={id} name={name} />
      </span>
    ),
  },
  {
    id: 'type',
    header: 'Type',
    width: 90,
    facet: true,
    value: ({ type }) => DATASTORE_TYPES[type].label,
  },
  {
    id: 'used',
    header: 'Used',
    width: 180,
    value: ({ capacityBytes, freeBytes }) => usedShare(capacityBytes, freeBytes),
    text: ({ capacityBytes, freeBytes }) => formatBytes(capacityBytes - freeBytes),
    cell: ({ name, capacityBytes, freeBytes }) => (
      <span className="flex items-center gap-2">
        <ProgressBar
          value={usedShare(capacityBytes, freeBytes) * 100}
          label={`Use of ${name}`}
          tone={usedShare(capacityBytes, freeBytes) > 0.9 ? 'warn' : 'accent'}
        />
        <span className="shrink-0">{formatBytes(capacityBytes - freeBytes)}</span>
      </span>
    ),
  },
  bytesColumn({
    id: 'free',
    header: 'Free',
    value: ({ freeBytes }) => freeBytes,
  }),
  bytesColumn({
    id: 'capacity',
    header: 'Capacity',
    value: ({ capacityBytes }) => capacityBytes,
  }),
  bytesColumn({
    id: 'provisioned',
    header: 'Provisioned',
    width: 110,
    value: ({ provisionedBytes }) => provisionedBytes,
  }),
  {
    id: 'hosts',
    header: 'Hosts',
    width: 140,
    value: ({ hosts }) => hosts.filter(({ accessible }) => accessible).length,
    text: ({ hosts }) =>
      `${hosts.filter(({ accessible }) => accessible).length} of ${hosts.length} reach it`,
  },
  {
    id: 'disks',
    header: 'Disks',
    width: 80,
    align: 'end',
    value: ({ diskCount }) => diskCount,
  },
];

function usedShare(capacityBytes: number, freeBytes: number): number {
  return capacityBytes === 0 ? 0 : (capacityBytes - freeBytes) / capacityBytes;
}

export function DatastoreTable({ rows }: { rows: readonly DatastoreSummary[] | undefined }) {
  const router = useRouter();
  return (
    <DataTable
      id="datastores"
      label="Datastores"
      rows={rows}
      rowId={(datastore) => datastore.id}
      columns={useColumnsWithTags(COLUMNS)}
      defaultSort={{ column: 'name', descending: false }}
      onOpen={(datastore) => router.push(`/datastores/${datastore.id}`)}
      empty={
        <EmptyState icon={Database} title="No datastores">
          Datastores that the hosts have mounted stand here.
        </EmptyState>
      }
    />
  );
}
