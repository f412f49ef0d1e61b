'use client';
// Online depots with how their last synchronisation ended. Props: `rows`, `add` (the button of the
// empty state).
import { Ellipsis, Globe } from 'lucide-react';
import type { ReactNode } from 'react';
import { openDialog } from '#components/shell/dialog-url.ts';
import { useChange } from '#lib/client/use-call.ts';
import type { OnlineDepotState, OnlineDepotView } from '#lib/wire/api/resources/online-depots.ts';
import { DataTable } from '../tables/data-table.tsx';
import type { TableColumn } from '../tables/table-column.ts';
import { Age } from '../ui/age.tsx';
import { Badge, type Tone } from '../ui/badge.tsx';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { IconButton } from '../ui/icon-button.tsx';
import { Menu } from '../ui/overlays/menu.tsx';
import type { MenuItem } from '../ui/overlays/menu-item.ts';
import { showFault } from '../ui/overlays/toast.tsx';
import { EmptyState } from '../ui/states/empty-state.tsx';
import { intervalWords } from './sync-intervals.ts';

const STATES: Record<OnlineDepotState, { tone: Tone; word: string }> = {
  never: { tone: 'idle', word: 'Not synchronized yet' },
  synchronizing: { tone: 'info', word: 'Synchronizing' },
  synchronized: { tone: 'ok', word: 'Synchronized' },
  failed: { tone: 'bad', word: 'Failed' },
  canceled: { tone: 'warn', word: 'Canceled' },
};

const COLUMNS: readonly TableColumn<OnlineDepotView>[] = [
  { id: 'url', header: 'URL', grow: true, width: 240, value: ({ url }) => url },
  {
    id: 'state',
    header: 'State',
    width: 280,
    facet: true,
    value: ({ state }) => STATES[state].word,
    text: ({ state, fault }) => fault?.message ?? STATES[state].word,
    cell: (depot) => <State depot={depot} />,
  },
  {
    id: 'vibs',
    header: 'VIBs',
    width: 130,
    align: 'end',
    value: ({ vibsOffered }) => vibsOffered,
    text: ({ vibsOffered, vibsKept }) =>
      vibsKept > 0 ? `${vibsOffered}, ${vibsKept} withdrawn` : String(vibsOffered),
  },
  {
    id: 'good',
    header: 'Last good',
    width: 120,
    value: ({ lastGoodAt }) => lastGoodAt ?? '',
    cell: ({ lastGoodAt }) => <Age at={lastGoodAt} />,
  },
  {
    id: 'next',
    header: 'Next',
    width: 120,
    value: ({ nextSyncAt }) => nextSyncAt ?? '',
    cell: ({ nextSyncAt }) =>
      nextSyncAt === null ? <span className="text-muted">On demand</span> : <Age at={nextSyncAt} />,
  },
  {
    id: 'interval',
    header: 'Schedule',
    width: 120,
    hidden: true,
    value: ({ intervalMinutes }) => intervalMinutes,
    text: ({ intervalMinutes }) => intervalWords(intervalMinutes),
  },
];

function State({ depot: { state, fault } }: { depot: OnlineDepotView }) {
  if (fault) return <span className="text-bad">{fault.message}</span>;
  const { tone, word } = STATES[state];
  return (
    <Badge tone={tone} subtle>
      {word}
    </Badge>
  );
}

interface OnlineDepotTableProps {
  rows: readonly OnlineDepotView[] | undefined;
  add: ReactNode;
}

export function OnlineDepotTable({ rows, add }: OnlineDepotTableProps) {
  const sync = useChange('syncOnlineDepot');
  const menuOf = (depot: OnlineDepotView): MenuItem[] => [
    {
      id: 'sync',
      label: 'Synchronize now',
      disabledReason: reasonOf(depot.actions.sync),
      onSelect: () =>
        sync.mutate(
          { params: { id: depot.id } },
          { onError: (error) => showFault('The depot is not synchronized', error) },
        ),
    },
    {
      id: 'change',
      label: 'Schedule…',
      disabledReason: reasonOf(depot.actions.change),
      onSelect: () => openDialog('changeOnlineDepot', { depot: depot.id }),
    },
    {
      id: 'remove',
      label: 'Remove…',
      danger: true,
      disabledReason: reasonOf(depot.actions.remove),
      onSelect: () => openDialog('removeOnlineDepot', { depot: depot.id }),
    },
  ];
  return (
    <DataTable
      id="online-depots"
      label="Online depots"
      rows={rows}
      rowId={(depot) => depot.id}
      columns={[...COLUMNS, actionsColumn(menuOf)]}
      defaultSort={{ column: 'url', descending: false }}
      height={480}
      rowMenu={menuOf}
      empty={
        <EmptyState icon={Globe} title="No online depots yet" action={add}>
          An online depot is a URL whose VIBs come into the depot by themselves: an index.xml, an
          offline bundle, or one VIB.
        </EmptyState>
      }
    />
  );
}

function actionsColumn(
  menuOf: (depot: OnlineDepotView) => MenuItem[],
): TableColumn<OnlineDepotView> {
  return {
    id: 'actions',
    header: 'Actions',
    width: 80,
    value: () => '',
    cell: (depot) => (
      <Menu
        align="end"
        trigger={<IconButton label={`Actions of ${depot.url}`} icon={<Ellipsis size={15} />} />}
        items={menuOf(depot)}
      />
    ),
  };
}
