'use client';
// The Replication tab of a VM: the state of each disk's copy, the moments that can be had, and what
// was recovered from them. Props: `vm`.
import { Replace } from 'lucide-react';
import { openDialog } from '#components/shell/dialog-url.ts';
import { useCall } from '#lib/client/use-call.ts';
import type { VmView } from '#lib/wire/api/inventory.ts';
import type { VmReplicationView } from '#lib/wire/api/replication.ts';
import { FailoverSection, ReplacedBanner, StandsInBanner } from '../failover/failover-section.tsx';
import { ObjectLink } from '../objects/object-link.tsx';
import { Button } from '../ui/button.tsx';
import { Section } from '../ui/card.tsx';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { Banner } from '../ui/states/banner.tsx';
import { EmptyState } from '../ui/states/empty-state.tsx';
import { QueryState } from '../ui/states/query-state.tsx';
import { RecoveryTable } from './recovery-table.tsx';
import { ReplicatedDisks } from './replicated-disks.tsx';
import { ReplicationCharts } from './replication-charts.tsx';
import { Timeline } from './timeline.tsx';

/** Lag and window move on without a change of any object. */
const READ_EVERY_MS = 2_000;

export function VmReplication({ vm }: { vm: VmView }) {
  const replication = useCall(
    'readVmReplication',
    { params: { id: vm.id } },
    { refetchMs: READ_EVERY_MS },
  );
  return (
    <QueryState query={replication} lines={12}>
      {(known) => <Replication vm={vm} known={known} />}
    </QueryState>
  );
}

function Replication({ vm, known }: { vm: VmView; known: VmReplicationView }) {
  const { disks, recoveries, recoveredFrom, actions } = known;
  return (
    <div className="space-y-6">
      <ReplacedBanner vm={vm} known={known} />
      {recoveredFrom && <Origin vm={vm} known={known} />}
      {disks.length === 0 ? (
        !recoveredFrom && <NotReplicated vm={vm} />
      ) : (
        <>
          <Section title="Virtual disks">
            <ReplicatedDisks disks={disks} />
          </Section>
          {actions.recover?.allowed === false && (
            <Banner
              tone="warn"
              title="It cannot be recovered now"
              reasons={actions.recover.reasons}
            />
          )}
          <Timeline vmId={vm.id} known={known} />
          <FailoverSection vm={vm} known={known} />
          <ReplicationCharts vm={vm} disks={disks} />
        </>
      )}
      {recoveries.length > 0 && (
        <Section title="Recoveries and tests">
          <RecoveryTable rows={recoveries} />
        </Section>
      )}
    </div>
  );
}

function NotReplicated({ vm }: { vm: VmView }) {
  return (
    <EmptyState
      icon={Replace}
      title={`${vm.name} is not replicated`}
      action={
        <Button
          variant="primary"
          disabledReason={reasonOf(vm.actions.editPolicies)}
          onClick={() => openDialog('editPolicies', { vm: vm.id })}
        >
          Edit VM storage policies…
        </Button>
      }
    >
      Give its disks a storage policy with replication: a target then keeps a copy of each, with a
      journal of every change, and the virtual machine can be recovered to any moment of it.
    </EmptyState>
  );
}

function Origin({ vm, known }: { vm: VmView; known: VmReplicationView }) {
  const { recoveredFrom, actions } = known;
  if (recoveredFrom === null) return null;
  const { kind, state, sourceId, sourceName, targetName } = recoveredFrom;
  const source = <ObjectLink id={sourceId} name={sourceName} />;
  if (kind === 'test' && state === 'serving') {
    return (
      <Banner
        tone="info"
        title="This is a test of a failover"
        actions={
          <Button
            disabledReason={reasonOf(actions.endTest)}
            onClick={() => openDialog('endTest', { vm: vm.id })}
          >
            End test…
          </Button>
        }
      >
        {`It reads from ${targetName}; what is written stays apart, and goes with the test. `}
        {source} works on, and so does its replication.
      </Banner>
    );
  }
  if (recoveredFrom.failover !== null) return <StandsInBanner known={known} />;
  return (
    <p className="text-muted">
      {state === 'copying' ? `Its disks are being copied from ${targetName}. ` : ''}
      Recovered from the copies of {source}.
    </p>
  );
}
