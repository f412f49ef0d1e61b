'use client';
// What lies on a virtual flash resource, as a table: whose disk, by which policy, how much of it is
// not on the disk yet, and the way to remove what nobody needs. Props: `hostId`, `contents`.
import { useMemo } from 'react';
import { openDialog } from '#components/shell/dialog-url.ts';
import type { FlashView } from '#lib/wire/api/flash.ts';
import { formatDuration } from '../format/times.ts';
import { ObjectLink } from '../objects/object-link.tsx';
import { bytesColumn } from '../tables/bytes-column.ts';
import { DataTable } from '../tables/data-table.tsx';
import type { TableColumn } from '../tables/table-column.ts';
import { Age } from '../ui/age.tsx';
import { Button } from '../ui/button.tsx';
import { EmptyState } from '../ui/states/empty-state.tsx';

type Content = FlashView['contents'][number];

const TABLE_HEIGHT = 260;
const COLUMNS: readonly TableColumn<Content>[] = [
  {
    id: 'vm',
    header: 'Virtual machine',
    width: 160,
    value: ({ vm, mirrorOf }) => vm?.name ?? (mirrorOf === null ? '' : `Mirror of ${mirrorOf}`),
    cell: ({ vm, mirrorOf }) => {
      if (vm !== null) return <ObjectLink {...vm} />;
      return mirrorOf === null ? 'Unknown' : `Mirror of ${mirrorOf}`;
    },
  },
  {
    id: 'disk',
    header: 'Disk',
    grow: true,
    width: 140,
    value: ({ diskLabel, disk }) => diskLabel ?? disk,
  },
  {
    id: 'policy',
    header: 'Storage policy',
    width: 160,
    facet: true,
    value: ({ policy }) => policy?.name ?? '',
    cell: ({ policy }) => (policy === null ? null : <ObjectLink {...policy} />),
  },
  { id: 'filter', header: 'I/O filter', width: 110, facet: true, value: ({ filter }) => filter },
  bytesColumn({ id: 'reserved', header: 'Reserved', value: ({ bytes }) => bytes }),
  bytesColumn({
    id: 'dirty',
    header: 'Not yet on the disk',
    value: ({ dirtyBytes }) => dirtyBytes,
  }),
  {
    id: 'age',
    header: 'Oldest of that',
    width: 120,
    align: 'end',
    value: ({ dirtySeconds }) => dirtySeconds,
    text: ({ dirtySeconds }) =>
      dirtySeconds === null ? '' : formatDuration(Math.round(dirtySeconds) * 1000),
  },
  {
    id: 'written',
    header: 'Last written',
    width: 120,
    value: ({ writtenAt }) => writtenAt,
    cell: ({ writtenAt }) => <Age at={new Date(writtenAt).toISOString()} />,
  },
];

/** Of what a virtual machine keeps here the task itself would say why it cannot. */
function removeColumn(hostId: string): TableColumn<Content> {
  return {
    id: 'actions',
    header: 'Actions',
    width: 100,
    value: () => '',
    cell: ({ id, vm, mirrorOf }) =>
      vm !== null && mirrorOf === null ? null : (
        <Button onClick={() => openDialog('removeFlashContent', { host: hostId, content: id })}>
          Remove…
        </Button>
      ),
  };
}

interface FlashContentsProps {
  hostId: string;
  contents: readonly Content[];
}

export function FlashContents({ hostId, contents }: FlashContentsProps) {
  const columns = useMemo(() => [...COLUMNS, removeColumn(hostId)], [hostId]);
  return (
    <DataTable
      id="flash"
      label="What lies on the virtual flash resource"
      rows={contents}
      rowId={({ id }) => id}
      columns={columns}
      height={TABLE_HEIGHT}
      empty={
        <EmptyState title="Nothing is on it now">
          What caches keep of virtual disks that write back stands here, and the copies that they
          keep for other hosts.
        </EmptyState>
      }
    />
  );
}
