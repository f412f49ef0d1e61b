'use client';
// The page of a cluster. Props: `id`.
import { Boxes, ChevronDown } from 'lucide-react';
import { openDialog } from '#components/shell/dialog-url.ts';
import { ObjectPage } from '#components/shell/object-page.tsx';
import { useCluster, useCompatibilityMatrix } from '#lib/client/use-inventory.ts';
import type { ClusterView } from '#lib/wire/api/inventory.ts';
import { ConflictBanner } from '../drs/conflict-banner.tsx';
import { DrsPanel } from '../drs/drs-panel.tsx';
import { BEHAVIORS } from '../drs/drs-words.ts';
import { HostTable } from '../hosts/host-table.tsx';
import { ObjectEvents, ObjectTasks } from '../objects/object-history.tsx';
import { Sections } from '../objects/sections.tsx';
import { Badge } from '../ui/badge.tsx';
import { Button } from '../ui/button.tsx';
import { Section } from '../ui/card.tsx';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { Menu } from '../ui/overlays/menu.tsx';
import { StateIcon } from '../ui/state-icon.tsx';
import { EmptyState } from '../ui/states/empty-state.tsx';
import { QueryState } from '../ui/states/query-state.tsx';
import { VmTable } from '../vms/vm-table.tsx';
import { ClusterDrsSettings } from './cluster-drs-settings.tsx';
import { ClusterFilters } from './cluster-filters.tsx';
import { ClusterSummary } from './cluster-summary.tsx';
import { CompatibilityMatrixPicture } from './compatibility-matrix.tsx';

const TABLE_HEIGHT = 360;

export function ClusterPage({ id }: { id: string }) {
  const cluster = useCluster(id);
  return (
    <QueryState query={cluster} lines={14}>
      {(known) => <Page cluster={known} />}
    </QueryState>
  );
}

function Page({ cluster }: { cluster: ClusterView }) {
  const { drs, drsConflicts } = cluster;
  const troubled = cluster.hosts.some(({ connectionState }) => connectionState !== 'connected');
  const mark = troubled || drsConflicts.length > 0 ? 'warning' : 'none';
  return (
    <ObjectPage
      icon={
        <StateIcon
          icon={Boxes}
          mark={mark}
          label={mark === 'none' ? 'Cluster' : 'Cluster that needs attention'}
          size={22}
        />
      }
      name={cluster.name}
      kind="Cluster"
      state={
        <Badge tone={drs.enabled ? 'info' : 'idle'}>
          {drs.enabled ? `DRS ${BEHAVIORS[drs.behavior].label.toLowerCase()}` : 'DRS off'}
        </Badge>
      }
      actions={<ClusterActions cluster={cluster} />}
      notice={drsConflicts.length > 0 ? <ConflictBanner conflicts={drsConflicts} /> : null}
      tabs={[
        { id: 'summary', label: 'Summary', content: <ClusterSummary cluster={cluster} /> },
        { id: 'monitor', label: 'Monitor', content: <Monitor cluster={cluster} /> },
        { id: 'configure', label: 'Configure', content: <Configure cluster={cluster} /> },
        { id: 'related', label: 'Related', content: <Related cluster={cluster} /> },
      ]}
    />
  );
}

function ClusterActions({ cluster }: { cluster: ClusterView }) {
  return (
    <Menu
      align="end"
      trigger={
        <Button>
          Actions
          <ChevronDown aria-hidden size={13} />
        </Button>
      }
      items={[
        {
          id: 'installFilter',
          label: 'Install an I/O filter…',
          disabledReason: reasonOf(cluster.actions.installFilter),
          onSelect: () => openDialog('installFilter', { cluster: cluster.id }),
        },
        {
          id: 'editDrs',
          label: 'Edit DRS…',
          disabledReason: reasonOf(cluster.actions.editDrs),
          onSelect: () => openDialog('editDrs', { cluster: cluster.id }),
        },
      ]}
    />
  );
}

function Monitor({ cluster }: { cluster: ClusterView }) {
  return (
    <Sections
      label="Monitor"
      sections={[
        { id: 'drs', label: 'DRS', content: <DrsPanel cluster={cluster} /> },
        { id: 'compatibility', label: 'Compatibility', content: <Matrix id={cluster.id} /> },
        { id: 'tasks', label: 'Tasks', content: <ObjectTasks id={cluster.id} /> },
        { id: 'events', label: 'Events', content: <ObjectEvents id={cluster.id} /> },
      ]}
    />
  );
}

function Matrix({ id }: { id: string }) {
  const matrix = useCompatibilityMatrix(id);
  return (
    <Section
      title="Which virtual machine could run where"
      description={[
        'Point at a cell, or walk with the arrow keys, to read why a host cannot',
        'take a virtual machine.',
      ].join(' ')}
    >
      <QueryState query={matrix}>
        {(known) =>
          known.vms.length === 0 ? (
            <EmptyState title="No virtual machines on this cluster" />
          ) : (
            <CompatibilityMatrixPicture matrix={known} />
          )
        }
      </QueryState>
    </Section>
  );
}

function Configure({ cluster }: { cluster: ClusterView }) {
  return (
    <Sections
      label="Configure"
      sections={[
        { id: 'io-filters', label: 'I/O Filters', content: <ClusterFilters cluster={cluster} /> },
        { id: 'drs', label: 'DRS', content: <ClusterDrsSettings cluster={cluster} /> },
      ]}
    />
  );
}

function Related({ cluster }: { cluster: ClusterView }) {
  return (
    <Sections
      label="Related"
      sections={[
        {
          id: 'hosts',
          label: 'Hosts',
          content: <HostTable rows={cluster.hosts} height={TABLE_HEIGHT} />,
        },
        {
          id: 'vms',
          label: 'Virtual machines',
          content: <VmTable rows={cluster.vms} height={TABLE_HEIGHT} />,
        },
      ]}
    />
  );
}
