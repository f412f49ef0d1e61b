'use client';
// The page of a datastore: use, the hosts that reach it, the virtual disks on it. Props: `id`.
import { Database } from 'lucide-react';
import { ObjectPage } from '#components/shell/object-page.tsx';
import { useDatastore } from '#lib/client/use-inventory.ts';
import type { DatastoreView } from '#lib/wire/api/datastores.ts';
import { formatBytes } from '../format/quantities.ts';
import { ObjectLink } from '../objects/object-link.tsx';
import { ObjectMonitor } from '../objects/object-monitor.tsx';
import { DataTable } from '../tables/data-table.tsx';
import type { TableColumn } from '../tables/table-column.ts';
import { Badge } from '../ui/badge.tsx';
import { Card, Section } from '../ui/card.tsx';
import { CopyText } from '../ui/copy-text.tsx';
import { ProgressBar } from '../ui/progress-bar.tsx';
import { PropertyList } from '../ui/property-list.tsx';
import { StateIcon } from '../ui/state-icon.tsx';
import { EmptyState } from '../ui/states/empty-state.tsx';
import { QueryState } from '../ui/states/query-state.tsx';
import { usedShare } from './datastore-table.tsx';

type DatastoreDisk = DatastoreView['disks'][number];

const TABLE_HEIGHT = 420;
const DISK_COLUMNS: readonly TableColumn<DatastoreDisk>[] = [
  {
    id: 'vm',
    header: 'Virtual machine',
    width: 180,
    value: ({ vm }) => vm.name,
    cell: ({ vm }) => <ObjectLink {...vm} />,
  },
  { id: 'disk', header: 'Disk', width: 140, value: ({ label }) => label },
  { id: 'path', header: 'Descriptor', grow: true, width: 240, value: ({ path }) => path },
  {
    id: 'capacity',
    header: 'Capacity',
    width: 110,
    align: 'end',
    value: ({ capacityBytes }) => capacityBytes,
    text: ({ capacityBytes }) => formatBytes(capacityBytes),
  },
];

export function DatastorePage({ id }: { id: string }) {
  return (
    <QueryState query={useDatastore(id)} lines={14}>
      {(known) => <Page datastore={known} />}
    </QueryState>
  );
}

function Page({ datastore }: { datastore: DatastoreView }) {
  const unreached = datastore.hosts.filter(({ accessible }) => !accessible).length;
  return (
    <ObjectPage
      icon={
        <StateIcon
          icon={Database}
          mark={unreached > 0 ? 'warning' : 'none'}
          label={unreached > 0 ? 'Not accessible from every host' : 'Accessible'}
          size={22}
        />
      }
      name={datastore.name}
      kind="Datastore"
      state={<Badge tone={unreached > 0 ? 'warn' : 'ok'}>{datastore.type}</Badge>}
      tabs={[
        { id: 'summary', label: 'Summary', content: <Summary datastore={datastore} /> },
        {
          id: 'monitor',
          label: 'Monitor',
          content: <ObjectMonitor id={datastore.id} />,
        },
        {
          id: 'configure',
          label: 'Configure',
          content: <Connectivity datastore={datastore} />,
        },
        { id: 'related', label: 'Related', content: <Disks datastore={datastore} /> },
      ]}
    />
  );
}

function Summary({ datastore }: { datastore: DatastoreView }) {
  const { type, path, capacityBytes, freeBytes, disks } = datastore;
  const share = usedShare(capacityBytes, freeBytes);
  return (
    <div className="grid gap-4 xl:grid-cols-2">
      <Card title="Datastore">
        <PropertyList
          items={[
            { label: 'Type', value: type },
            { label: 'Directory', value: <CopyText text={path} label="directory" /> },
            { label: 'Virtual disks', value: disks.length },
          ]}
        />
      </Card>
      <Card title="Capacity">
        <p className="mb-1 flex justify-between">
          <span>{`${formatBytes(capacityBytes - freeBytes)} used`}</span>
          <span>{`${formatBytes(freeBytes)} free of ${formatBytes(capacityBytes)}`}</span>
        </p>
        <ProgressBar
          value={share * 100}
          label={`Use of ${datastore.name}`}
          tone={share > 0.9 ? 'warn' : 'accent'}
        />
      </Card>
    </div>
  );
}

function Connectivity({ datastore }: { datastore: DatastoreView }) {
  return (
    <Section title="Hosts" className="max-w-3xl">
      <PropertyList
        items={datastore.hosts.map(({ id, name, accessible, message }) => ({
          label: name,
          value: (
            <span className="flex items-center gap-3">
              <Badge tone={accessible ? 'ok' : 'bad'} subtle>
                {accessible ? 'Accessible' : message || 'Not accessible'}
              </Badge>
              <ObjectLink id={id} name="Open the host" />
            </span>
          ),
        }))}
      />
    </Section>
  );
}

function Disks({ datastore }: { datastore: DatastoreView }) {
  return (
    <DataTable
      id="disks"
      label="Virtual disks"
      rows={datastore.disks}
      rowId={({ vm, diskKey }) => `${vm.id} ${diskKey}`}
      columns={DISK_COLUMNS}
      height={TABLE_HEIGHT}
      empty={<EmptyState title="No virtual disks on this datastore" />}
    />
  );
}
