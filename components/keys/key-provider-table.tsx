'use client';
// Key providers as a table. Props: `rows`, `create` (the button of the empty state).
import { Ellipsis, KeyRound } from 'lucide-react';
import type { ReactNode } from 'react';
import { openDialog } from '#components/shell/dialog-url.ts';
import type { KeyProviderView } from '#lib/wire/api/keys.ts';
import { formatNoun } from '../format/quantities.ts';
import { DataTable } from '../tables/data-table.tsx';
import type { TableColumn } from '../tables/table-column.ts';
import { Age } from '../ui/age.tsx';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { IconButton } from '../ui/icon-button.tsx';
import { Menu } from '../ui/overlays/menu.tsx';
import type { MenuItem } from '../ui/overlays/menu-item.ts';
import { EmptyState } from '../ui/states/empty-state.tsx';

const COLUMNS: readonly TableColumn<KeyProviderView>[] = [
  {
    id: 'name',
    header: 'Name',
    grow: true,
    width: 200,
    value: ({ name, isDefault }) => (isDefault ? `${name} (default)` : name),
  },
  {
    id: 'type',
    header: 'Type',
    width: 80,
    value: ({ type }) => (type === 'kmip' ? 'KMIP' : 'Native'),
  },
  {
    id: 'connection',
    header: 'Connection',
    width: 220,
    value: ({ server, trouble }) => (server === null ? '' : trouble || 'Connected'),
    cell: (provider) => <Connection provider={provider} />,
  },
  { id: 'keys', header: 'Keys', width: 70, align: 'end', value: ({ keyCount }) => keyCount },
  {
    id: 'disks',
    header: 'Encrypted disks',
    width: 130,
    align: 'end',
    value: ({ disks }) => disks.length,
  },
  {
    id: 'backup',
    header: 'Backup',
    width: 240,
    value: ({ backedUpAt }) => backedUpAt ?? '',
    cell: (provider) => <Backup provider={provider} />,
  },
  { id: 'createdBy', header: 'Added by', width: 120, value: ({ createdBy }) => createdBy },
  {
    id: 'actions',
    header: 'Actions',
    width: 80,
    value: () => '',
    cell: (provider) => (
      <Menu
        align="end"
        trigger={<IconButton label={`Actions of ${provider.name}`} icon={<Ellipsis size={15} />} />}
        items={menuOf(provider)}
      />
    ),
  },
];

/** Of the server that has its keys. */
function Connection({ provider }: { provider: KeyProviderView }) {
  const { server, checkedAt, trouble } = provider;
  if (server === null) return <span className="text-muted">In the database</span>;
  if (trouble !== '') return <span className="text-bad">{trouble}</span>;
  if (checkedAt === null) return <span className="text-muted">Not asked yet</span>;
  return <span>{`${server.address}:${server.port}`}</span>;
}

/** A key that no backup holds is lost with the database. */
function Backup({ provider }: { provider: KeyProviderView }) {
  const { backedUpAt, notBackedUp, server } = provider;
  if (server !== null) return <span className="text-muted">On the key server</span>;
  const missing =
    notBackedUp > 0 ? (
      <span className="text-warn">{`${formatNoun(notBackedUp, 'key')} in no backup`}</span>
    ) : null;
  if (backedUpAt === null) return missing ?? <span className="text-muted">No keys yet</span>;
  return (
    <span>
      <Age at={backedUpAt} /> {missing}
    </span>
  );
}

export function KeyProviderTable({
  rows,
  create,
}: {
  rows: readonly KeyProviderView[] | undefined;
  create: ReactNode;
}) {
  return (
    <DataTable
      id="key-providers"
      label="Key providers"
      rows={rows}
      rowId={(provider) => provider.id}
      columns={COLUMNS}
      defaultSort={{ column: 'name', descending: false }}
      rowMenu={menuOf}
      empty={
        <EmptyState icon={KeyRound} title="No key providers yet" action={create}>
          A key provider keeps the keys that encrypted disks are opened with. Policies with
          encryption need one.
        </EmptyState>
      }
    />
  );
}

function menuOf({ id, actions, isDefault }: KeyProviderView): MenuItem[] {
  return [
    {
      id: 'default',
      label: 'Set as default',
      disabledReason: isDefault ? 'It is the default.' : reasonOf(actions.setDefault),
      onSelect: () => openDialog('defaultKeyProvider', { provider: id }),
    },
    {
      id: 'backUp',
      label: 'Back up…',
      disabledReason: reasonOf(actions.backUp),
      onSelect: () => openDialog('backUpKeyProvider', { provider: id }),
    },
    {
      id: 'check',
      label: 'Check connection…',
      disabledReason: reasonOf(actions.check),
      onSelect: () => openDialog('checkKeyProvider', { provider: id }),
    },
    {
      id: 'changeServer',
      label: 'Change key server…',
      disabledReason: reasonOf(actions.changeServer),
      onSelect: () => openDialog('changeKeyServer', { provider: id }),
    },
    {
      id: 'delete',
      label: 'Delete…',
      danger: true,
      disabledReason: reasonOf(actions.delete),
      onSelect: () => openDialog('deleteKeyProvider', { provider: id }),
    },
  ];
}
