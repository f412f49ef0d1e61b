'use client';
// Virtual machines that were made of another's copies, newest first: what an auditor asks for.
// Props: `rows`.
import type { RecoveryView } from '#lib/wire/api/replication.ts';
import { failoverWord, kindWord, lossText } from '../failover/failover-words.ts';
import { formatDuration, formatMoment } from '../format/times.ts';
import { ObjectLink } from '../objects/object-link.tsx';
import { DataTable } from '../tables/data-table.tsx';
import type { TableColumn } from '../tables/table-column.ts';
import { Badge } from '../ui/badge.tsx';
import { recoveryWord } from './replication-words.ts';

const COLUMNS: readonly TableColumn<RecoveryView>[] = [
  {
    id: 'name',
    header: 'Virtual machine',
    grow: true,
    width: 160,
    value: ({ vmName }) => vmName,
    cell: ({ vmId, vmName, state }) =>
      state === 'ended' || state === 'failed' ? vmName : <ObjectLink id={vmId} name={vmName} />,
  },
  {
    id: 'kind',
    header: 'Kind',
    width: 110,
    value: ({ kind }) => kindWord(kind),
  },
  {
    id: 'state',
    header: 'State',
    width: 200,
    value: (row) => wordOf(row).label,
    cell: (row) => {
      const { label, tone } = wordOf(row);
      return (
        <Badge tone={tone} subtle>
          {label}
        </Badge>
      );
    },
  },
  {
    id: 'moment',
    header: 'Moment',
    width: 180,
    value: ({ momentAt }) => (momentAt === null ? 'Newest' : formatMoment(momentAt)),
  },
  {
    id: 'started',
    header: 'Started',
    width: 180,
    value: ({ startedAt }) => startedAt,
    cell: ({ startedAt }) => formatMoment(startedAt),
  },
  {
    id: 'ready',
    header: 'Time to power on',
    width: 130,
    align: 'end',
    value: ({ startedAt, readyAt }) => spanBetween(startedAt, readyAt),
  },
  {
    id: 'ended',
    header: 'Until the end',
    width: 120,
    align: 'end',
    value: ({ startedAt, endedAt }) => spanBetween(startedAt, endedAt),
  },
  {
    id: 'lost',
    header: 'Lost',
    width: 200,
    value: ({ loss }) => lossText(loss),
  },
  {
    id: 'decided',
    header: 'Decided by',
    width: 120,
    value: ({ decidedBy }) => decidedBy ?? '',
  },
  {
    id: 'decidedAt',
    header: 'Decided',
    width: 180,
    value: ({ decidedAt }) => (decidedAt === null ? '' : formatMoment(decidedAt)),
  },
  { id: 'trouble', header: 'Failure', width: 160, value: ({ trouble }) => trouble },
  { id: 'target', header: 'Target', width: 140, value: ({ targetName }) => targetName },
  { id: 'by', header: 'Started by', width: 110, value: ({ createdBy }) => createdBy },
];

/** Of a failover its own state says more. */
function wordOf(row: RecoveryView) {
  return failoverWord(row) ?? recoveryWord(row.state);
}

function spanBetween(from: string, to: string | null): string {
  return to === null ? '' : formatDuration(Date.parse(to) - Date.parse(from));
}

export function RecoveryTable({ rows }: { rows: readonly RecoveryView[] }) {
  return (
    <DataTable
      id="recoveries"
      label="Recoveries and tests"
      rows={rows}
      rowId={(row) => row.vmId}
      columns={COLUMNS}
      defaultSort={{ column: 'started', descending: true }}
      empty={null}
    />
  );
}
