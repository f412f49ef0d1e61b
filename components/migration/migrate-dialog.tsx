'use client';
// Migrate…: what shall move (host, storage or both), every target with its verdict for this VM,
// what will happen, and afterwards the pause that was measured. URL: `vm`, `host` (chosen
// beforehand, after dragging onto it), `move`.
import { useState } from 'react';
import type { UrlDialogProps } from '#components/shell/dialog-outlet.tsx';
import { useMigrationTargets, useStorageTargets, useVm } from '#lib/client/use-inventory.ts';
import { useMigrateVm, useRelocateVm, useVmCheck } from '#lib/client/use-operations.ts';
import { Button } from '../ui/button.tsx';
import { type DisabledReason, reasonOf } from '../ui/disabled-reason.tsx';
import { Dialog } from '../ui/overlays/dialog.tsx';
import { ErrorState } from '../ui/states/error-state.tsx';
import { QueryState } from '../ui/states/query-state.tsx';
import { VerdictBanner } from '../ui/states/verdict-banner.tsx';
import { MigrationProgress } from './migration-progress.tsx';
import { MigrationReview } from './migration-review.tsx';
import { MigrationTargets } from './migration-targets.tsx';
import { type Move, MoveChoice, moveOf } from './move-choice.tsx';
import { movedFiles, relocateInput, type StorageDraft } from './relocate-input.ts';
import { StorageChoice } from './storage-choice.tsx';

const NOTHING_CHOSEN: StorageDraft = { datastoreId: null, provisioning: 'same', places: null };

export function MigrateDialog({ param, close }: UrlDialogProps) {
  const vmId = param('vm') ?? '';
  const vm = useVm(vmId);
  const [move, setMove] = useState<Move>(moveOf(param('move')));
  const [hostId, setHostId] = useState(param('host'));
  const [storage, setStorage] = useState<StorageDraft>(NOTHING_CHOSEN);
  const targets = useMigrationTargets(vmId);
  const target = targets.data?.targets.find(({ host }) => host.id === hostId) ?? null;
  const places = useStorageTargets(vmId, { enabled: move !== 'host' });
  const place = places.data?.targets.find(({ datastore }) => datastore.id === storage.datastoreId);
  const body =
    vm.data && move !== 'host' ? relocateInput(vm.data, move, { hostId, storage }) : null;
  const check = useVmCheck('checkRelocate', vmId, body);
  const migrate = useMigrateVm();
  const relocate = useRelocateVm();
  const running = move === 'host' ? migrate : relocate;
  const started = running.isBusy || running.task !== null;
  const start = () =>
    move === 'host'
      ? void migrate.start({ params: { id: vmId }, body: { hostId: hostId ?? '' } })
      : body && void relocate.start({ params: { id: vmId }, body });
  const actions = vm.data?.actions;
  const blocked: DisabledReason =
    move === 'host'
      ? target
        ? (reasonOf(target.verdict) ?? reasonOf(actions?.migrate))
        : 'Choose a host first.'
      : body
        ? (reasonOf(actions?.relocate) ?? reasonOf(check.data))
        : missing(move, storage, hostId);
  return (
    <Dialog
      open
      onClose={close}
      size="large"
      title={`Migrate ${vm.data?.name ?? ''}`}
      description={
        vm.data?.powerState === 'poweredOn'
          ? 'The virtual machine and its clients keep running.'
          : undefined
      }
      footer={
        <>
          <Button onClick={close}>{started ? 'Close' : 'Cancel'}</Button>
          {!running.task && (
            <Button
              variant="primary"
              busy={running.isBusy}
              disabledReason={blocked}
              onClick={start}
            >
              Migrate
            </Button>
          )}
        </>
      }
    >
      <div className="space-y-4">
        {!started && <MoveChoice move={move} actions={actions} onChange={setMove} />}
        {!started && move !== 'storage' && (
          <QueryState query={targets}>
            {({ targets: known }) => (
              <MigrationTargets targets={known} chosen={hostId} onChoose={setHostId} />
            )}
          </QueryState>
        )}
        {!started && move !== 'host' && vm.data && (
          <StorageChoice
            vm={vm.data}
            query={places}
            withHost={move === 'both'}
            draft={storage}
            onChange={setStorage}
          />
        )}
        {!started && body && (
          <VerdictBanner verdict={check.data} error={check.error} ok="It can be moved there" />
        )}
        {!started && vm.data && (body ? check.data?.allowed : target?.verdict.allowed) && (
          <MigrationReview
            vm={vm.data}
            to={move === 'storage' ? null : target}
            datastore={move === 'host' || storage.places ? null : (place?.datastore ?? null)}
            moved={move === 'host' ? [] : movedFiles(vm.data, storage.places, places.data?.targets)}
            body={body}
          />
        )}
        {started && (
          <MigrationProgress
            task={running.task}
            words={wordsOf(target, storage.places ? undefined : place, move)}
          />
        )}
        {running.error && !running.isBusy && running.task?.state !== 'canceled' && (
          <ErrorState error={running.error} compact />
        )}
      </div>
    </Dialog>
  );
}

function missing(move: Move, { datastoreId, places }: StorageDraft, hostId: string | null): string {
  if (move === 'both' && hostId === null && (places || datastoreId)) return 'Choose a host first.';
  return places ? 'Everything is left where it is.' : 'Choose a datastore first.';
}

interface Placed {
  datastore: { name: string };
}

/** What has come true when the task has ended well. */
function wordsOf(
  host: { host: { name: string } } | null,
  place: Placed | undefined,
  move: Move,
): string {
  const there = place ? `Its disks are on ${place.datastore.name} now` : 'Its disks are moved';
  if (move === 'storage') return there;
  const runs = `It runs on ${host?.host.name ?? 'the other host'} now`;
  return move === 'both' ? `${runs}. ${there}` : runs;
}
