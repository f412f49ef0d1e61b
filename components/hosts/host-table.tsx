'use client';
// Hosts as a table: in the list of all and on a cluster.
// Props: `rows`, `id` of the table in the URL, `height`.
import { Server } from 'lucide-react';
import { useRouter } from 'next/navigation';
import { openDialog } from '#components/shell/dialog-url.ts';
import type { HostSummary } from '#lib/wire/api/inventory.ts';
import { formatCount, formatMebibytes } from '../format/quantities.ts';
import { useColumnsWithTags } from '../inventory/use-tag-names.ts';
import { ObjectLink } from '../objects/object-link.tsx';
import { DataTable } from '../tables/data-table.tsx';
import type { TableColumn } from '../tables/table-column.ts';
import { Age } from '../ui/age.tsx';
import type { MenuItem } from '../ui/overlays/menu-item.ts';
import { EmptyState } from '../ui/states/empty-state.tsx';
import { HostIcon, hostStateLabel } from './host-state.tsx';

export interface HostTableProps {
  rows: readonly HostSummary[] | undefined;
  id?: string;
  height?: number;
}

const COLUMNS: readonly TableColumn<HostSummary>[] = [
  {
    id: 'name',
    header: 'Name',
    grow: true,
    width: 160,
    value: ({ name }) => name,
    cell: (host) => (
      <span className="flex min-w-0 items-center gap-2">
        <HostIcon host={host} />
        <ObjectLink id={host.id} name={host.name} />
      </span>
    ),
  },
  { id: 'state', header: 'State', width: 200, facet: true, value: hostStateLabel },
  {
    id: 'cluster',
    header: 'Cluster',
    width: 120,
    facet: true,
    value: ({ cluster }) => cluster?.name ?? '',
    text: ({ cluster }) => cluster?.name ?? 'Standalone',
    cell: ({ cluster }) =>
      cluster ? <ObjectLink {...cluster} /> : <span className="text-muted">Standalone</span>,
  },
  {
    id: 'issues',
    header: 'Issues',
    width: 220,
    value: ({ issues }) => issues.map(({ message }) => message).join(' '),
  },
  {
    id: 'version',
    header: 'Version',
    width: 130,
    facet: true,
    value: ({ version, build }) => [version, build].filter(Boolean).join(', build '),
  },
  {
    id: 'vms',
    header: 'VMs on',
    width: 90,
    align: 'end',
    value: ({ poweredOnVmCount }) => poweredOnVmCount,
    text: ({ poweredOnVmCount, vmCount }) => `${poweredOnVmCount} of ${vmCount}`,
  },
  {
    id: 'cpu',
    header: 'Cores in use',
    width: 110,
    align: 'end',
    value: ({ cpuUsage }) => cpuUsage,
    text: ({ cpuUsage, cpuCores }) => `${formatCount(cpuUsage)} of ${cpuCores ?? '–'}`,
  },
  {
    id: 'memory',
    header: 'Memory granted',
    width: 150,
    align: 'end',
    value: ({ memoryGrantedMib }) => memoryGrantedMib,
    text: ({ memoryGrantedMib, memoryMib }) => {
      const whole = memoryMib === null ? '–' : formatMebibytes(memoryMib);
      return `${formatMebibytes(memoryGrantedMib)} of ${whole}`;
    },
  },
  {
    id: 'seen',
    header: 'Last seen',
    width: 130,
    hidden: true,
    value: ({ lastSeenAt }) => lastSeenAt,
    cell: ({ lastSeenAt }) => <Age at={lastSeenAt} />,
  },
];

export function HostTable({ rows, id = 'hosts', height }: HostTableProps) {
  const router = useRouter();
  return (
    <DataTable
      id={id}
      label="Hosts"
      rows={rows}
      rowId={(host) => host.id}
      columns={useColumnsWithTags(COLUMNS)}
      defaultSort={{ column: 'name', descending: false }}
      height={height}
      onOpen={(host) => router.push(`/hosts/${host.id}`)}
      rowMenu={menuOf}
      empty={
        <EmptyState icon={Server} title="No hosts here">
          Hosts whose agents have registered stand in this list.
        </EmptyState>
      }
    />
  );
}

function menuOf(host: HostSummary): MenuItem[] {
  const inMaintenance = host.maintenanceState !== 'normal';
  const connected = host.connectionState !== 'disconnected';
  return [
    {
      id: 'maintenance',
      label: inMaintenance ? 'Exit maintenance mode…' : 'Enter maintenance mode…',
      onSelect: () =>
        openDialog('maintenance', { host: host.id, to: inMaintenance ? 'exit' : 'enter' }),
    },
    {
      id: 'connection',
      label: connected ? 'Disconnect…' : 'Connect…',
      onSelect: () =>
        openDialog('connection', { host: host.id, to: connected ? 'disconnect' : 'connect' }),
    },
  ];
}
