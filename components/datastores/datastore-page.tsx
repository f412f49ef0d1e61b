'use client';
// The page of a datastore: what it is, its space, the health of its objects, the hosts that reach
// it, the virtual disks on it. Props: `id`.
import { Database } from 'lucide-react';
import dynamic from 'next/dynamic';
import { openDialog } from '#components/shell/dialog-url.ts';
import { ObjectPage } from '#components/shell/object-page.tsx';
import { useDatastore } from '#lib/client/use-inventory.ts';
import type { DatastoreView } from '#lib/wire/api/datastores.ts';
import { formatNoun } from '../format/quantities.ts';
import { LabelsCard } from '../inventory/labels-card.tsx';
import { useObjectMenu } from '../inventory/object-menu.ts';
import { ActionsMenu } from '../objects/actions-menu.tsx';
import { ObjectMonitor } from '../objects/object-monitor.tsx';
import { Sections } from '../objects/sections.tsx';
import { Badge } from '../ui/badge.tsx';
import { Button } from '../ui/button.tsx';
import { Card } from '../ui/card.tsx';
import { CopyText } from '../ui/copy-text.tsx';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { PropertyList } from '../ui/property-list.tsx';
import { StateIcon } from '../ui/state-icon.tsx';
import { QueryState } from '../ui/states/query-state.tsx';
import { Skeleton } from '../ui/states/skeleton.tsx';
import { DATASTORE_TYPES } from './datastore-words.ts';
import { HostAccessibility } from './host-accessibility.tsx';
import { ObjectHealth } from './object-health.tsx';
import { SpaceBars } from './space-bars.tsx';

// Tables are fetched with the tab that shows them.
const loading = () => <Skeleton lines={12} />;
const DatastoreDisks = dynamic(
  () => import('./datastore-disks.tsx').then((file) => file.DatastoreDisks),
  { loading },
);
const DatastoreObjects = dynamic(
  () => import('./datastore-objects.tsx').then((file) => file.DatastoreObjects),
  { loading },
);

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
      state={
        <Badge tone={unreached > 0 ? 'warn' : 'ok'}>{DATASTORE_TYPES[datastore.type].label}</Badge>
      }
      actions={
        <>
          <Button
            variant="danger"
            disabledReason={reasonOf(datastore.actions.delete)}
            onClick={() => openDialog('deleteDatastore', { datastore: datastore.id })}
          >
            Delete…
          </Button>
          <ActionsMenu items={useObjectMenu(datastore.id)} />
        </>
      }
      tabs={[
        { id: 'summary', label: 'Summary', content: <Summary datastore={datastore} /> },
        {
          id: 'monitor',
          label: 'Monitor',
          content: <ObjectMonitor id={datastore.id} />,
        },
        ...(hasObjects(datastore)
          ? [
              {
                id: 'objects',
                label: 'Objects',
                count: datastore.objects.length,
                content: <DatastoreObjects objects={datastore.objects} />,
              },
            ]
          : []),
        {
          id: 'configure',
          label: 'Configure',
          content: (
            <Sections
              label="Configure"
              sections={[
                {
                  id: 'hosts',
                  label: 'Hosts',
                  content: <HostAccessibility datastore={datastore} />,
                },
              ]}
            />
          ),
        },
        {
          id: 'related',
          label: 'Virtual disks',
          count: datastore.diskCount,
          content: <DatastoreDisks disks={datastore.disks} />,
        },
      ]}
    />
  );
}

function hasObjects({ type }: DatastoreView): boolean {
  return type === 'vsan' || type === 'VVOL';
}

function Summary({ datastore }: { datastore: DatastoreView }) {
  const { type, path, diskCount, vmCount, hosts, options } = datastore;
  const reached = hosts.filter(({ accessible }) => accessible).length;
  const words = DATASTORE_TYPES[type];
  return (
    <div className="grid items-start gap-4 xl:grid-cols-2">
      <Card title="Datastore">
        <PropertyList
          items={[
            { label: 'Type', value: words.label, help: words.help },
            { label: 'Directory', value: <CopyText text={path} label="directory" /> },
            ...(options.provider ? [{ label: 'Storage provider', value: options.provider }] : []),
            { label: 'Hosts', value: `${reached} of ${formatNoun(hosts.length, 'host')} reach it` },
            { label: 'Virtual machines', value: vmCount },
            { label: 'Virtual disks', value: diskCount },
          ]}
        />
      </Card>
      <div className="space-y-4">
        <Card title="Capacity">
          <SpaceBars datastore={datastore} />
        </Card>
        <ObjectHealth datastore={datastore} />
        <LabelsCard id={datastore.id} />
      </div>
    </div>
  );
}
