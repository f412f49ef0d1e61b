'use client';
// The page of a virtual machine. Props: `id`.
import dynamic from 'next/dynamic';
import { ObjectPage } from '#components/shell/object-page.tsx';
import { useVm } from '#lib/client/use-inventory.ts';
import type { VmView } from '#lib/wire/api/inventory.ts';
import { VmMigrations } from '../migration/vm-migrations.tsx';
import { ObjectMonitor } from '../objects/object-monitor.tsx';
import { Sections } from '../objects/sections.tsx';
import { QueryState } from '../ui/states/query-state.tsx';
import { Skeleton } from '../ui/states/skeleton.tsx';
import { VmActions } from './vm-actions.tsx';
import { VmDisksAndPolicies } from './vm-disks-and-policies.tsx';
import { VmNotices } from './vm-notices.tsx';
import { VmRelated } from './vm-related.tsx';
import { VmIcon, VmStateBadges } from './vm-state.tsx';
import { VmSummaryTab } from './vm-summary.tsx';

// What is drawn live is fetched with the tab that shows it.
const loading = () => <Skeleton lines={12} />;
const VmPerformance = dynamic(
  () => import('../performance/vm-performance.tsx').then((file) => file.VmPerformance),
  { loading },
);
const VmIoPath = dynamic(() => import('../io-path/vm-io-path.tsx').then((file) => file.VmIoPath), {
  loading,
});
const VmSnapshots = dynamic(
  () => import('../snapshots/vm-snapshots.tsx').then((file) => file.VmSnapshots),
  { loading },
);
const VmDisks = dynamic(() => import('../disks/vm-disks.tsx').then((file) => file.VmDisks), {
  loading,
});
const VmReplication = dynamic(
  () => import('../replication/vm-replication.tsx').then((file) => file.VmReplication),
  { loading },
);
const VmWorkload = dynamic(
  () => import('../workloads/vm-workload.tsx').then((file) => file.VmWorkload),
  { loading },
);

export function VmPage({ id }: { id: string }) {
  return (
    <QueryState query={useVm(id)} lines={14}>
      {(known) => <Page vm={known} />}
    </QueryState>
  );
}

function Page({ vm }: { vm: VmView }) {
  return (
    <ObjectPage
      icon={<VmIcon vm={vm} size={22} />}
      name={vm.name}
      kind={vm.isTemplate ? 'Template' : 'Virtual machine'}
      state={<VmStateBadges vm={vm} />}
      actions={<VmActions vm={vm} />}
      notice={<VmNotices vm={vm} />}
      tabs={[
        { id: 'summary', label: 'Summary', content: <VmSummaryTab vm={vm} /> },
        { id: 'monitor', label: 'Monitor', content: <Monitor vm={vm} /> },
        {
          id: 'configure',
          label: 'Configure',
          content: (
            <Sections
              label="Configure"
              sections={[
                {
                  id: 'virtual-disks',
                  label: 'Virtual disks',
                  content: <VmDisks vm={vm} />,
                },
                {
                  id: 'disks',
                  label: 'Storage policies',
                  content: <VmDisksAndPolicies vm={vm} />,
                },
              ]}
            />
          ),
        },
        {
          id: 'snapshots',
          label: 'Snapshots',
          count: vm.snapshots.length,
          content: <VmSnapshots vm={vm} />,
        },
        { id: 'replication', label: 'Replication', content: <VmReplication vm={vm} /> },
        { id: 'related', label: 'Related', content: <VmRelated vm={vm} /> },
      ]}
    />
  );
}

function Monitor({ vm }: { vm: VmView }) {
  return (
    <ObjectMonitor
      id={vm.id}
      sections={[
        { id: 'performance', label: 'Performance', content: <VmPerformance vm={vm} /> },
        { id: 'io-path', label: 'I/O path', content: <VmIoPath vm={vm} /> },
        { id: 'workload', label: 'Workload', content: <VmWorkload vm={vm} /> },
        { id: 'migrations', label: 'Migrations', content: <VmMigrations vmId={vm.id} /> },
      ]}
    />
  );
}
