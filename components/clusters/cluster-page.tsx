'use client';
// The page of a cluster. Props: `id`.
import { Boxes } from 'lucide-react';
import { openDialog } from '#components/shell/dialog-url.ts';
import { ObjectPage } from '#components/shell/object-page.tsx';
import { useCluster, useCompatibilityMatrix } from '#lib/client/use-inventory.ts';
import type { ClusterView } from '#lib/wire/api/inventory.ts';
import { ClusterHa } from '../availability/cluster-ha.tsx';
import { ConflictBanner } from '../drs/conflict-banner.tsx';
import { DrsPanel } from '../drs/drs-panel.tsx';
import { BEHAVIORS } from '../drs/drs-words.ts';
import { ClusterFlash } from '../hosts/cluster-flash.tsx';
import { HostTable } from '../hosts/host-table.tsx';
import { useObjectMenu } from '../inventory/object-menu.ts';
import { ActionsMenu } from '../objects/actions-menu.tsx';
import { ObjectMonitor } from '../objects/object-monitor.tsx';
import { Sections } from '../objects/sections.tsx';
import { Badge } from '../ui/badge.tsx';
import { Section } from '../ui/card.tsx';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { Pager } from '../ui/pager.tsx';
import { StateIcon } from '../ui/state-icon.tsx';
import { EmptyState } from '../ui/states/empty-state.tsx';
import { QueryState } from '../ui/states/query-state.tsx';
import { useUrlParam } from '../ui/use-url-param.ts';
import { VmTable } from '../vms/vm-table.tsx';
import { ClusterDrsSettings } from './cluster-drs-settings.tsx';
import { ClusterFilters } from './cluster-filters.tsx';
import { ClusterSummary } from './cluster-summary.tsx';
import { CompatibilityMatrixPicture } from './compatibility-matrix.tsx';

const TABLE_HEIGHT = 360;
/** Virtual machines of the compatibility matrix that are shown at a time. */
const MATRIX_PAGE = 100;

export function ClusterPage({ id }: { id: string }) {
  return (
    <QueryState query={useCluster(id)} lines={14}>
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
  const more = useObjectMenu(cluster.id);
  return (
    <ActionsMenu
      items={[
        {
          id: 'installFilter',
          label: 'Install an I/O filter…',
          disabledReason: reasonOf(cluster.actions.installFilter),
          onSelect: () => openDialog('installFilter', { cluster: cluster.id }),
        },
        {
          id: 'addHost',
          label: 'Add a host…',
          onSelect: () => openDialog('addHost', { cluster: cluster.id }),
        },
        {
          id: 'importVm',
          label: 'Import virtual machine…',
          onSelect: () => openDialog('importVm', { cluster: cluster.id }),
        },
        {
          id: 'editDrs',
          label: 'Edit DRS…',
          disabledReason: reasonOf(cluster.actions.editDrs),
          onSelect: () => openDialog('editDrs', { cluster: cluster.id }),
        },
        'separator',
        ...more,
      ]}
    />
  );
}

function Monitor({ cluster }: { cluster: ClusterView }) {
  return (
    <ObjectMonitor
      id={cluster.id}
      sections={[
        { id: 'drs', label: 'DRS', content: <DrsPanel cluster={cluster} /> },
        { id: 'compatibility', label: 'Compatibility', content: <Matrix id={cluster.id} /> },
      ]}
    />
  );
}

function Matrix({ id }: { id: string }) {
  const [from, setFrom] = useUrlParam('from', '0');
  const offset = Math.max(0, Math.trunc(Number(from)) || 0);
  const matrix = useCompatibilityMatrix(id, { offset, limit: MATRIX_PAGE });
  return (
    <Section
      title="Which virtual machine could run where"
      description={
        'Point at a cell, or walk with the arrow keys, to read why a host cannot take a ' +
        'virtual machine.'
      }
    >
      <QueryState query={matrix}>
        {(known) =>
          known.total === 0 ? (
            <EmptyState title="No virtual machines on this cluster" />
          ) : (
            <div className="space-y-3">
              <Pager
                what="virtual machines"
                page={{ offset, limit: MATRIX_PAGE, total: known.total }}
                onTurn={(next) => setFrom(String(next))}
              />
              <CompatibilityMatrixPicture key={offset} matrix={known} />
            </div>
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
        { id: 'ha', label: 'vSphere Availability', content: <ClusterHa cluster={cluster} /> },
        {
          id: 'flash',
          label: 'Virtual flash resources',
          content: <ClusterFlash clusterId={cluster.id} />,
        },
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
          content: <VmTable place={{ clusterId: cluster.id }} height={TABLE_HEIGHT} />,
        },
      ]}
    />
  );
}
