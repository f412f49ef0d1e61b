'use client';
// Failing over on the Replication tab: the ways to begin, and what is to be decided afterwards.
// Props: `vm`, `known`.
import { openDialog } from '#components/shell/dialog-url.ts';
import type { VmView } from '#lib/wire/api/inventory.ts';
import type { RecoveryView, VmReplicationView } from '#lib/wire/api/replication.ts';
import { ObjectLink } from '../objects/object-link.tsx';
import { Button } from '../ui/button.tsx';
import { Section } from '../ui/card.tsx';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { Banner } from '../ui/states/banner.tsx';
import { useUrlParam } from '../ui/use-url-param.ts';
import { failoverWord, kindWord, lossSentences } from './failover-words.ts';

interface FailoverProps {
  vm: VmView;
  known: VmReplicationView;
}

/** For a VM with copies. */
export function FailoverSection({ vm, known }: FailoverProps) {
  const [moment] = useUrlParam('moment', '');
  if (known.replacedBy !== null) return null;
  const { move, failover } = known.actions;
  const at = moment === '' ? {} : { at: moment };
  return (
    <Section
      title="Failover"
      description="Another virtual machine stands in for this one, which cannot write from then on."
    >
      <div className="flex flex-wrap gap-2">
        <Button
          disabledReason={reasonOf(move)}
          onClick={() => openDialog('failOver', { vm: vm.id, kind: 'move' })}
        >
          Planned move…
        </Button>
        <Button
          variant="danger"
          disabledReason={reasonOf(failover)}
          onClick={() => openDialog('failOver', { vm: vm.id, kind: 'failover', ...at })}
        >
          Fail over…
        </Button>
      </div>
    </Section>
  );
}

/** For a VM that was replaced: what stands in for it, what that has cost, and what can be done. */
export function ReplacedBanner({ vm, known }: FailoverProps) {
  const { replacedBy, recoveries, actions } = known;
  if (replacedBy === null) return null;
  const row = recoveries.find(({ vmId }) => vmId === replacedBy.id);
  const isDecided = row?.failover === 'committed';
  return (
    <Banner
      tone="warn"
      title={isDecided ? 'It was replaced for good' : 'Another virtual machine stands in for it'}
      actions={!isDecided && <Decisions vmId={vm.id} actions={actions} />}
    >
      <p className="[&_a]:underline">
        <ObjectLink {...replacedBy} />
        {` stands in for ${vm.name}, which cannot be powered on.`}
      </p>
      {row && <Facts row={row} />}
    </Banner>
  );
}

function Decisions({ vmId, actions }: { vmId: string; actions: VmReplicationView['actions'] }) {
  return (
    <>
      <Button
        disabledReason={reasonOf(actions.undo)}
        onClick={() => openDialog('undoFailover', { vm: vmId })}
      >
        Undo failover…
      </Button>
      <Button
        variant="primary"
        disabledReason={reasonOf(actions.commit)}
        onClick={() => openDialog('commitFailover', { vm: vmId })}
      >
        Commit…
      </Button>
    </>
  );
}

function Facts({ row }: { row: RecoveryView }) {
  const word = failoverWord(row);
  return (
    <>
      <p>{`${kindWord(row.kind)} by ${row.createdBy}: ${word?.label ?? row.state}.`}</p>
      {row.trouble !== '' && <p>{row.trouble}</p>}
      {row.loss && <p>Lost: {lossSentences(row.loss).join(' ')}</p>}
    </>
  );
}

/** For a VM that stands in for another one. */
export function StandsInBanner({ known: { recoveredFrom } }: Pick<FailoverProps, 'known'>) {
  if (recoveredFrom === null || recoveredFrom.failover === null) return null;
  const { sourceId, sourceName, failover, loss } = recoveredFrom;
  const isOpen = failover === 'standing';
  return (
    <Banner
      tone={isOpen ? 'warn' : 'info'}
      title={`It stands in for ${sourceName}`}
      actions={
        isOpen && (
          <Button onClick={() => openDialog('commitFailover', { vm: sourceId })}>Commit…</Button>
        )
      }
    >
      <p className="[&_a]:underline">
        {failover === 'committed' ? sourceName : <ObjectLink id={sourceId} name={sourceName} />}
        {` was replaced: ${kindWord(recoveredFrom.kind)} by ${recoveredFrom.createdBy}, `}
        {`${failoverWord(recoveredFrom)?.label ?? ''}.`}
      </p>
      {loss && <p>Lost: {lossSentences(loss).join(' ')}</p>}
    </Banner>
  );
}

/** Above the tabs of a VM that was replaced. */
export function VmReplacedNotice({ vm }: { vm: VmView }) {
  if (vm.replacedBy === null) return null;
  return (
    <Banner tone="warn" title={`${vm.name} was replaced in a failover`}>
      <p className="[&_a]:underline">
        <ObjectLink {...vm.replacedBy} />
        {' stands in for it. It cannot be powered on; its Replication tab says what can be done.'}
      </p>
    </Banner>
  );
}
