'use client';
// The page of a host. Props: `id`.
import { Wrench } from 'lucide-react';
import dynamic from 'next/dynamic';
import { openDialog } from '#components/shell/dialog-url.ts';
import { ObjectPage } from '#components/shell/object-page.tsx';
import { useHost } from '#lib/client/use-inventory.ts';
import type { HostView } from '#lib/wire/api/inventory.ts';
import { HostHaNotice } from '../availability/ha-notices.tsx';
import { useObjectMenu } from '../inventory/object-menu.ts';
import { ActionsMenu } from '../objects/actions-menu.tsx';
import { ObjectMonitor } from '../objects/object-monitor.tsx';
import { Sections } from '../objects/sections.tsx';
import { Button } from '../ui/button.tsx';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { Banner } from '../ui/states/banner.tsx';
import { QueryState } from '../ui/states/query-state.tsx';
import { Skeleton } from '../ui/states/skeleton.tsx';
import { VmTable } from '../vms/vm-table.tsx';
import { HostDatastores } from './host-datastores.tsx';
import { HostFlash } from './host-flash.tsx';
import { HostImage } from './host-image.tsx';
import { HostIcon, HostStateBadges } from './host-state.tsx';
import { HostSummaryTab } from './host-summary.tsx';
import { HostVmLoad } from './host-vm-load.tsx';

// What is drawn live is fetched with the tab that shows it.
const HostIoFilters = dynamic(
  () => import('./host-io-filters.tsx').then((file) => file.HostIoFilters),
  { loading: () => <Skeleton lines={12} /> },
);

const TABLE_HEIGHT = 420;

export function HostPage({ id }: { id: string }) {
  return (
    <QueryState query={useHost(id)} lines={14}>
      {(known) => <Page host={known} />}
    </QueryState>
  );
}

function Page({ host }: { host: HostView }) {
  return (
    <ObjectPage
      icon={<HostIcon host={host} size={22} />}
      name={host.name}
      kind="Host"
      state={<HostStateBadges host={host} />}
      actions={<HostActions host={host} />}
      notice={hostNotice(host)}
      tabs={[
        { id: 'summary', label: 'Summary', content: <HostSummaryTab host={host} /> },
        { id: 'monitor', label: 'Monitor', content: <Monitor host={host} /> },
        { id: 'configure', label: 'Configure', content: <Configure host={host} /> },
        {
          id: 'related',
          label: 'Related',
          content: <Related host={host} />,
        },
      ]}
    />
  );
}

/** Null when there is nothing to say, so that the page keeps no place for it. */
function hostNotice(host: HostView) {
  const { state } = host.ha;
  if (state !== '' && state !== 'connected') return <HostHaNotice host={host} />;
  if (host.connectionState === 'notResponding') {
    return (
      <Banner tone="bad" title={`${host.name} does not respond`}>
        {host.connectionReason || 'Its agent does not answer.'} Its virtual machines may run on;
        what stands here is what it reported last.
      </Banner>
    );
  }
  if (host.issues.length === 0) return null;
  return <Banner tone="warn" title={`${host.name} has issues`} reasons={host.issues} />;
}

function HostActions({ host }: { host: HostView }) {
  const { id, actions, maintenanceState, connectionState } = host;
  const more = useObjectMenu(id);
  const inMaintenance = maintenanceState !== 'normal';
  const disconnected = connectionState === 'disconnected';
  const maintenance = (to: 'enter' | 'exit') => openDialog('maintenance', { host: id, to });
  return (
    <>
      <Button
        icon={<Wrench size={13} />}
        disabledReason={reasonOf(
          inMaintenance ? actions.exitMaintenance : actions.enterMaintenance,
        )}
        onClick={() => maintenance(inMaintenance ? 'exit' : 'enter')}
      >
        {inMaintenance ? 'Exit maintenance mode…' : 'Enter maintenance mode…'}
      </Button>
      <ActionsMenu
        items={[
          {
            id: 'enterMaintenance',
            label: 'Enter maintenance mode…',
            disabledReason: reasonOf(actions.enterMaintenance),
            onSelect: () => maintenance('enter'),
          },
          {
            id: 'exitMaintenance',
            label: 'Exit maintenance mode…',
            disabledReason: reasonOf(actions.exitMaintenance),
            onSelect: () => maintenance('exit'),
          },
          {
            id: 'importVm',
            label: 'Import virtual machine…',
            onSelect: () => openDialog('importVm', { host: id }),
          },
          'separator',
          {
            id: 'connection',
            label: disconnected ? 'Connect…' : 'Disconnect…',
            disabledReason: reasonOf(disconnected ? actions.connect : actions.disconnect),
            onSelect: () =>
              openDialog('connection', { host: id, to: disconnected ? 'connect' : 'disconnect' }),
          },
          {
            id: 'move',
            label: 'Move host…',
            disabledReason: reasonOf(actions.move),
            onSelect: () => openDialog('moveHost', { host: id }),
          },
          ...more,
          'separator',
          {
            id: 'remove',
            label: 'Remove from the inventory…',
            disabledReason: reasonOf(actions.remove),
            onSelect: () => openDialog('removeHost', { host: id }),
          },
        ]}
      />
    </>
  );
}

function Related({ host }: { host: HostView }) {
  return <VmTable place={{ hostId: host.id }} height={TABLE_HEIGHT} />;
}

function Monitor({ host }: { host: HostView }) {
  return (
    <ObjectMonitor
      id={host.id}
      sections={[
        { id: 'load', label: 'Load of its VMs', content: <HostVmLoad host={host} /> },
        { id: 'io-filters', label: 'I/O filters', content: <HostIoFilters host={host} /> },
      ]}
    />
  );
}

function Configure({ host }: { host: HostView }) {
  return (
    <Sections
      label="Configure"
      sections={[
        { id: 'image', label: 'Image', content: <HostImage host={host} /> },
        { id: 'datastores', label: 'Datastores', content: <HostDatastores host={host} /> },
        { id: 'flash', label: 'Virtual flash resource', content: <HostFlash host={host} /> },
      ]}
    />
  );
}
