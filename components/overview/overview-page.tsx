'use client';
import { House } from 'lucide-react';
import Link from 'next/link';
import { ListPage } from '#components/shell/object-page.tsx';
import { useDatastores, useHosts, useInventory, useVmTotals } from '#lib/client/use-inventory.ts';
import { useAlarms, useEvents } from '#lib/client/use-tasks.ts';
import type { EventView } from '#lib/wire/api/tasks.ts';
import { SEVERITIES } from '../events/event-table.tsx';
import { formatBytes, formatCount, formatMebibytes, formatNoun } from '../format/quantities.ts';
import { ObjectLink } from '../objects/object-link.tsx';
import { Age } from '../ui/age.tsx';
import { Badge } from '../ui/badge.tsx';
import { Card } from '../ui/card.tsx';
// The first page: the datacenter in numbers, what needs attention, what happened last, and a
// newcomer's next steps.
import { classNames } from '../ui/class-names.ts';
import { EmptyState } from '../ui/states/empty-state.tsx';
import { QueryState } from '../ui/states/query-state.tsx';
import { NextSteps } from './next-steps-card.tsx';

const EVENTS_SHOWN = 12;

export function OverviewPage() {
  const inventory = useInventory();
  const datacenter = inventory.data?.nodes.find(({ kind }) => kind === 'datacenter');
  return (
    <ListPage
      title={datacenter?.name ?? 'Overview'}
      icon={<House aria-hidden size={20} strokeWidth={1.75} />}
    >
      <div className="min-h-0 flex-1 space-y-4 overflow-auto p-4">
        <Numbers />
        <div className="grid gap-4 xl:grid-cols-2">
          <NextSteps />
          <div className="space-y-4">
            <Alarms />
            <RecentEvents />
          </div>
        </div>
      </div>
    </ListPage>
  );
}

function Numbers() {
  const hosts = useHosts();
  const { data: vms } = useVmTotals();
  const datastores = useDatastores();
  const connected = hosts.data?.filter(({ connectionState }) => connectionState === 'connected');
  const cores = sum(hosts.data, ({ cpuCores }) => cpuCores ?? 0);
  const memory = sum(hosts.data, ({ memoryMib }) => memoryMib ?? 0);
  const free = sum(datastores.data, ({ freeBytes }) => freeBytes);
  const capacity = sum(datastores.data, ({ capacityBytes }) => capacityBytes);
  const granted = sum(hosts.data, ({ memoryGrantedMib }) => memoryGrantedMib);
  const used = sum(hosts.data, ({ cpuUsage }) => cpuUsage);
  return (
    <ul
      aria-label="The datacenter in numbers"
      className={classNames(
        'grid grid-cols-2 gap-px overflow-hidden rounded-lg border border-line',
        'bg-line md:grid-cols-3 xl:grid-cols-6',
      )}
    >
      <Tile label="Hosts" href="/hosts" value={hosts.data && String(hosts.data.length)}>
        {connected && `${connected.length} connected`}
      </Tile>
      <Tile label="Virtual machines" href="/vms" value={vms && formatCount(vms.total)}>
        {vms && `${formatCount(vms.poweredOn)} powered on`}
      </Tile>
      <Tile label="With I/O filters" href="/vms" value={vms && formatCount(vms.filtered)}>
        {vms && `of ${formatNoun(vms.total, 'virtual machine')}`}
      </Tile>
      <Tile label="CPU in use" href="/hosts" value={hosts.data && formatCount(used)}>
        {hosts.data && `of ${formatNoun(cores, 'core')}`}
      </Tile>
      <Tile label="Memory granted" href="/hosts" value={hosts.data && formatMebibytes(granted)}>
        {hosts.data && `of ${formatMebibytes(memory)}`}
      </Tile>
      <Tile label="Storage free" href="/datastores" value={datastores.data && formatBytes(free)}>
        {datastores.data && `of ${formatBytes(capacity)}`}
      </Tile>
    </ul>
  );
}

interface TileProps {
  label: string;
  href: string;
  value: string | undefined;
  children: string | undefined;
}

function Tile({ label, href, value, children }: TileProps) {
  return (
    <li className="bg-surface">
      <Link href={href} className="block px-4 py-3 text-ink hover:bg-hover hover:no-underline">
        <span className="block text-sm text-muted">{label}</span>
        <span className="block h-[30px] text-2xl font-semibold">{value ?? '–'}</span>
        <span className="block h-[18px] text-sm text-muted">{children}</span>
      </Link>
    </li>
  );
}

function Alarms() {
  const alarms = useAlarms();
  return (
    <Card title="Needs attention">
      <QueryState query={alarms} lines={2}>
        {(known) =>
          known.length === 0 ? (
            <p className="text-muted">Nothing needs attention.</p>
          ) : (
            <ul className="divide-y divide-line">
              {known.map(({ id, object, severity, message, remedy }) => (
                <li key={id} className="space-y-0.5 py-1.5">
                  <p className="flex flex-wrap items-center gap-2">
                    <Badge tone={SEVERITIES[severity].tone} subtle>
                      {SEVERITIES[severity].label}
                    </Badge>
                    <ObjectLink {...object} />
                  </p>
                  <p>{message}</p>
                  {remedy && <p className="text-muted">{remedy}</p>}
                </li>
              ))}
            </ul>
          )
        }
      </QueryState>
    </Card>
  );
}

function RecentEvents() {
  const events = useEvents({ limit: EVENTS_SHOWN });
  return (
    <Card title="Recent events" actions={<Link href="/events">All events</Link>}>
      <QueryState query={events} lines={6}>
        {(known) =>
          known.length === 0 ? (
            <EmptyState title="Nothing has happened yet" />
          ) : (
            <ul className="divide-y divide-line">
              {known.map((event) => (
                <EventLine key={event.id} event={event} />
              ))}
            </ul>
          )
        }
      </QueryState>
    </Card>
  );
}

function EventLine({ event: { at, message, severity, initiator } }: { event: EventView }) {
  return (
    <li className="grid grid-cols-[6.5rem_1fr] gap-3 py-1">
      <span className="text-sm text-muted">
        <Age at={at} />
      </span>
      <span className="min-w-0">
        {severity !== 'info' && (
          <Badge tone={SEVERITIES[severity].tone} subtle>
            {SEVERITIES[severity].label}
          </Badge>
        )}{' '}
        {message}
        {initiator && <span className="text-sm text-muted">{` ${initiator}`}</span>}
      </span>
    </li>
  );
}

function sum<Row>(rows: readonly Row[] | undefined, read: (row: Row) => number): number {
  return (rows ?? []).reduce((total, row) => total + read(row), 0);
}
