'use client';
// The page of a virtual machine. Props: `id`.
import { ObjectPage } from '#components/shell/object-page.tsx';
import { useVm } from '#lib/client/use-inventory.ts';
import type { VmView } from '#lib/wire/api/inventory.ts';
import { VmIoPath } from '../io-path/vm-io-path.tsx';
import { ObjectEvents, ObjectTasks } from '../objects/object-history.tsx';
import { Sections } from '../objects/sections.tsx';
import { Banner } from '../ui/states/banner.tsx';
import { QueryState } from '../ui/states/query-state.tsx';
import { VmWorkload } from '../workloads/vm-workload.tsx';
import { VmActions } from './vm-actions.tsx';
import { VmDisksAndPolicies } from './vm-disks-and-policies.tsx';
import { VmMigrations } from './vm-migrations.tsx';
import { VmPerformance } from './vm-performance.tsx';
import { VmRelated } from './vm-related.tsx';
import { VmIcon, VmStateBadges } from './vm-state.tsx';
import { VmSummaryTab } from './vm-summary.tsx';

export function VmPage({ id }: { id: string }) {
  const vm = useVm(id);
  return (
    <QueryState query={vm} lines={14}>
      {(known) => <Page vm={known} />}
    </QueryState>
  );
}

function Page({ vm }: { vm: VmView }) {
  return (
    <ObjectPage
      icon={<VmIcon vm={vm} size={22} />}
      name={vm.name}
      kind="Virtual machine"
      state={<VmStateBadges vm={vm} />}
      actions={<VmActions vm={vm} />}
      notice={
        vm.worldMessage ? (
          <Banner tone="bad" title={`The world of ${vm.name} is in trouble`}>
            {vm.worldMessage}
          </Banner>
        ) : null
      }
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
                  id: 'disks',
                  label: 'Disks and policies',
                  content: <VmDisksAndPolicies vm={vm} />,
                },
              ]}
            />
          ),
        },
        { id: 'related', label: 'Related', content: <VmRelated vm={vm} /> },
      ]}
    />
  );
}

function Monitor({ vm }: { vm: VmView }) {
  return (
    <Sections
      label="Monitor"
      sections={[
        { id: 'performance', label: 'Performance', content: <VmPerformance vm={vm} /> },
        { id: 'io-path', label: 'I/O path', content: <VmIoPath vm={vm} /> },
        { id: 'workload', label: 'Workload', content: <VmWorkload vm={vm} /> },
        { id: 'migrations', label: 'Migrations', content: <VmMigrations vmId={vm.id} /> },
        { id: 'tasks', label: 'Tasks', content: <ObjectTasks id={vm.id} /> },
        { id: 'events', label: 'Events', content: <ObjectEvents id={vm.id} /> },
      ]}
    />
  );
}
