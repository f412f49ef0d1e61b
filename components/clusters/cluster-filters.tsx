'use client';
// Configure › I/O Filters of a cluster: what is under way, and each filter with its state on every
// host, live; install, upgrade, resolve, uninstall.
// Props: `cluster`.
import { Filter } from 'lucide-react';
import { useState } from 'react';
import { openDialog } from '#components/shell/dialog-url.ts';
import { useChange } from '#lib/client/use-call.ts';
import { useTasks } from '#lib/client/use-tasks.ts';
import { FILTER_CLASSES } from '#lib/model/filter-class.ts';
import type { ClusterFilterView, ClusterView } from '#lib/wire/api/inventory.ts';
import { formatNoun } from '../format/quantities.ts';
import { TaskBar } from '../tasks/task-bar.tsx';
import { Badge } from '../ui/badge.tsx';
import { Button } from '../ui/button.tsx';
import { Section } from '../ui/card.tsx';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { showFault } from '../ui/overlays/toast.tsx';
import { EmptyState } from '../ui/states/empty-state.tsx';
import { HostFilterProgress, installationSummary } from './host-filter-progress.tsx';

export function ClusterFilters({ cluster }: { cluster: ClusterView }) {
  const install = (
    <Button
      variant="primary"
      disabledReason={reasonOf(cluster.actions.installFilter)}
      onClick={() => openDialog('installFilter', { cluster: cluster.id })}
    >
      Install…
    </Button>
  );
  if (cluster.filters.length === 0) {
    return (
      <EmptyState icon={Filter} title="No I/O filters on this cluster" action={install}>
        An I/O filter sits between a virtual machine and its disk: it can inspect, cache or limit
        every read and write. It comes as a signed VIB and is installed on all hosts of a cluster.
      </EmptyState>
    );
  }
  return (
    <Section
      title="I/O Filters"
      description="Installed on every host of the cluster; a VM storage policy puts them on disks."
      actions={install}
    >
      <UnderWay clusterId={cluster.id} />
      <ul className="space-y-4">
        {cluster.filters.map((filter) => (
          <FilterPart key={filter.filterId} cluster={cluster} filter={filter} />
        ))}
      </ul>
    </Section>
  );
}

const TASKS = 20;

/** Tasks that go from host to host, to be paused or cancelled where they are watched. */
function UnderWay({ clusterId }: { clusterId: string }) {
  const tasks = useTasks({ target: clusterId, limit: TASKS });
  const running = (tasks.data ?? []).filter(
    ({ completedAt, label }) => completedAt === null && /IO Filter/.test(label),
  );
  if (running.length === 0) return null;
  return (
    <section
      aria-label="Tasks under way"
      className="mb-4 space-y-2 rounded-md border border-line bg-sunken px-3 py-2"
    >
      {running.map((task) => (
        <TaskBar key={task.id} task={task} />
      ))}
    </section>
  );
}

function FilterPart({ cluster, filter }: { cluster: ClusterView; filter: ClusterFilterView }) {
  const [resolving, setResolving] = useState<string | null>(null);
  const resolve = useChange('resolveIoFilter');
  const summary = installationSummary(filter);
  const mend = (hostId: string) => {
    setResolving(hostId);
    resolve.mutate(
      { params: { id: cluster.id, filterId: filter.filterId }, body: { hostId } },
      {
        onError: (error) => showFault('This could not be resolved', error),
        onSettled: () => setResolving(null),
      },
    );
  };
  return (
    <li className="rounded-lg border border-line bg-surface">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-2">
        <h3 className="font-semibold">{`${filter.name} ${filter.version}`}</h3>
        <Badge tone={summary.tone}>{summary.label}</Badge>
        <span className="text-muted">{FILTER_CLASSES[filter.type].label}</span>
        <span className="text-muted">{filter.vendor}</span>
        <span className="text-muted">
          {`In use by ${formatNoun(filter.disksInUse.length, 'disk')}`}
        </span>
        {filter.opType === 'upgrade' && filter.previousVersion && (
          <span className="text-muted">{`Upgraded from ${filter.previousVersion}`}</span>
        )}
        <Button
          size="small"
          className="ml-auto"
          disabledReason={reasonOf(filter.actions.upgrade)}
          onClick={() =>
            openDialog('upgradeFilter', { cluster: cluster.id, filter: filter.filterId })
          }
        >
          Upgrade…
        </Button>
        <Button
          size="small"
          disabledReason={reasonOf(filter.actions.uninstall)}
          onClick={() =>
            openDialog('uninstallFilter', { cluster: cluster.id, filter: filter.filterId })
          }
        >
          Uninstall…
        </Button>
        {filter.summary && <p className="basis-full text-muted">{filter.summary}</p>}
      </div>
      <HostFilterProgress
        filter={filter}
        hosts={cluster.hosts}
        resolving={resolving}
        onResolve={mend}
      />
    </li>
  );
}
