'use client';
// Replication targets as a table. Props: `rows`, `pair` (the button of the empty state).
import { Ellipsis, Replace } from 'lucide-react';
import type { ReactNode } from 'react';
import { openDialog } from '#components/shell/dialog-url.ts';
import type { ReplicationTargetView } from '#lib/wire/api/replication.ts';
import { formatBytes, formatNoun } from '../format/quantities.ts';
import { DataTable } from '../tables/data-table.tsx';
import type { TableColumn } from '../tables/table-column.ts';
import { Age } from '../ui/age.tsx';
import { Badge } from '../ui/badge.tsx';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { IconButton } from '../ui/icon-button.tsx';
import { Menu } from '../ui/overlays/menu.tsx';
import type { MenuItem } from '../ui/overlays/menu-item.ts';
import { EmptyState } from '../ui/states/empty-state.tsx';

const COLUMNS: readonly TableColumn<ReplicationTargetView>[] = [
  { id: 'name', header: 'Name', grow: true, width: 180, value: ({ name }) => name },
  {
    id: 'address',
    header: 'Address',
    width: 130,
    value: ({ address, port }) => `${address}:${port}`,
  },
  {
    id: 'connection',
    header: 'Connection',
    width: 150,
    value: ({ trouble }) => trouble || 'Connected',
    cell: (target) => <Connection target={target} />,
  },
  {
    id: 'disks',
    header: 'Protected disks',
    width: 120,
    align: 'end',
    value: ({ disks }) => disks.length,
  },
  {
    id: 'copies',
    header: 'Copies',
    width: 110,
    align: 'end',
    value: ({ copyBytes }) => copyBytes,
    cell: ({ copies, copyBytes }) => `${copies} (${formatBytes(copyBytes)})`,
  },
  {
    id: 'journal',
    header: 'Journals',
    width: 90,
    align: 'end',
    value: ({ journalBytes }) => journalBytes,
    cell: ({ journalBytes }) => formatBytes(journalBytes),
  },
  {
    id: 'paired',
    header: 'Paired',
    width: 110,
    value: ({ createdAt }) => createdAt,
    cell: ({ createdAt }) => <Age at={createdAt} />,
  },
  {
    id: 'createdBy',
    header: 'Paired by',
    width: 90,
    hidden: true,
    value: ({ createdBy }) => createdBy,
  },
  {
    id: 'actions',
    header: 'Actions',
    width: 80,
    value: () => '',
    cell: (target) => (
      <Menu
        align="end"
        trigger={<IconButton label={`Actions of ${target.name}`} icon={<Ellipsis size={15} />} />}
        items={menuOf(target)}
      />
    ),
  },
];

function Connection({ target: { trouble, checkedAt } }: { target: ReplicationTargetView }) {
  if (trouble !== '') return <span className="text-bad">{trouble}</span>;
  if (checkedAt === null) return <span className="text-muted">Not asked yet</span>;
  return (
    <Badge tone="ok" subtle>
      Connected
    </Badge>
  );
}

export function TargetTable({
  rows,
  pair,
}: {
  rows: readonly ReplicationTargetView[] | undefined;
  pair: ReactNode;
}) {
  return (
    <DataTable
      id="replication-targets"
      label="Replication targets"
      rows={rows}
      rowId={(target) => target.id}
      columns={COLUMNS}
      defaultSort={{ column: 'name', descending: false }}
      rowMenu={menuOf}
      empty={
        <EmptyState icon={Replace} title="No replication targets yet" action={pair}>
          A replication target keeps copies of disks at another site, with a journal of every
          change. Policies with replication need one.
        </EmptyState>
      }
    />
  );
}

function menuOf({ id, actions, disks }: ReplicationTargetView): MenuItem[] {
  return [
    {
      id: 'check',
      label: 'Check connection…',
      disabledReason: reasonOf(actions.check),
      onSelect: () => openDialog('checkTarget', { target: id }),
    },
    {
      id: 'rename',
      label: 'Rename…',
      disabledReason: reasonOf(actions.rename),
      onSelect: () => openDialog('renameTarget', { target: id }),
    },
    {
      id: 'remove',
      label: disks.length > 0 ? `Remove (${formatNoun(disks.length, 'disk')} in use)…` : 'Remove…',
      danger: true,
      disabledReason: reasonOf(actions.remove),
      onSelect: () => openDialog('removeTarget', { target: id }),
    },
  ];
}
