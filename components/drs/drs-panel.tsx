'use client';
// Monitor › DRS of a cluster: conflicts with filters, the hosts' loads, recommendations, and what
// may not move and why.
// Props: `cluster`.
import { openDialog } from '#components/shell/dialog-url.ts';
import { useDrs } from '#lib/client/use-inventory.ts';
import { useRefreshRecommendations } from '#lib/client/use-operations.ts';
import type { ClusterView } from '#lib/wire/api/inventory.ts';
import type { DrsView } from '#lib/wire/api/operations.ts';
import { formatCount } from '../format/quantities.ts';
import { Age } from '../ui/age.tsx';
import { Button } from '../ui/button.tsx';
import { Section } from '../ui/card.tsx';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { showFault } from '../ui/overlays/toast.tsx';
import { EmptyState } from '../ui/states/empty-state.tsx';
import { QueryState } from '../ui/states/query-state.tsx';
import { ConflictBanner } from './conflict-banner.tsx';
import { BEHAVIORS } from './drs-words.ts';
import { HostLoads } from './host-loads.tsx';
import { Recommendations } from './recommendations.tsx';
import { RejectedMoves } from './rejected-moves.tsx';

export function DrsPanel({ cluster }: { cluster: ClusterView }) {
  const drs = useDrs(cluster.id);
  return <QueryState query={drs}>{(view) => <Panel cluster={cluster} drs={view} />}</QueryState>;
}

function Panel({ cluster, drs }: { cluster: ClusterView; drs: DrsView }) {
  const refresh = useRefreshRecommendations();
  const edit = (
    <Button
      disabledReason={reasonOf(cluster.actions.editDrs)}
      onClick={() => openDialog('editDrs', { cluster: cluster.id })}
    >
      Edit DRS…
    </Button>
  );
  if (!drs.config.enabled) {
    return (
      <EmptyState title="DRS is off" action={edit}>
        DRS evens out the load of the hosts by moving virtual machines, or by recommending moves.
      </EmptyState>
    );
  }
  const run = () =>
    refresh.mutate(
      { params: { id: cluster.id } },
      { onError: (error) => showFault('DRS did not run', error) },
    );
  return (
    <div className="space-y-6">
      <ConflictBanner conflicts={drs.conflicts} />
      <Section
        title="Host loads"
        actions={
          <>
            <span className="text-sm text-muted">
              {`${BEHAVIORS[drs.config.behavior].label}, imbalance ` +
                `${formatCount(drs.imbalance * 100)} %, last run`}
              <Age at={drs.lastRunAt} />
            </span>
            <Button
              busy={refresh.isPending}
              disabledReason={reasonOf(cluster.actions.refreshRecommendations)}
              onClick={run}
            >
              Run DRS now
            </Button>
          </>
        }
      >
        <HostLoads loads={drs.hostLoads} />
      </Section>
      <Recommendations recommendations={drs.recommendations} />
      <Section
        title="Moves that are not possible"
        description={
          'What DRS would have moved, with the reason of every host that could not take it.'
        }
      >
        <RejectedMoves faults={drs.faults} />
      </Section>
    </div>
  );
}
