'use client';
// Migrate…: every host with the verdict for this VM, what will happen, and afterwards the pause
// that was measured.
// URL: `vm`, `host` (chosen beforehand, after dragging onto it).
import { useState } from 'react';
import type { UrlDialogProps } from '#components/shell/dialog-outlet.tsx';
import { useMigrationTargets, useVm } from '#lib/client/use-inventory.ts';
import { useMigrateVm } from '#lib/client/use-operations.ts';
import type { VmView } from '#lib/wire/api/inventory.ts';
import type { MigrationTarget } from '#lib/wire/api/operations.ts';
import { formatNoun } from '../format/quantities.ts';
import { apiCall } from '../tasks/api-call.ts';
import { Button } from '../ui/button.tsx';
import { type DisabledReason, reasonOf } from '../ui/disabled-reason.tsx';
import { Dialog } from '../ui/overlays/dialog.tsx';
import { ProgressBar } from '../ui/progress-bar.tsx';
import { SameAsCall } from '../ui/same-as-call.tsx';
import { Banner } from '../ui/states/banner.tsx';
import { ErrorState } from '../ui/states/error-state.tsx';
import { QueryState } from '../ui/states/query-state.tsx';
import { migrationResult } from './migration-result.ts';
import { MigrationTargets } from './migration-targets.tsx';
import { MigrationNumbers } from './vm-migrations.tsx';

export function MigrateDialog({ param, close }: UrlDialogProps) {
  const vmId = param('vm') ?? '';
  const vm = useVm(vmId);
  const targets = useMigrationTargets(vmId);
  const migrate = useMigrateVm();
  const [chosen, setChosen] = useState(param('host'));
  const target = targets.data?.targets.find(({ host }) => host.id === chosen) ?? null;
  const started = migrate.isBusy || migrate.task !== null;
  const start = () =>
    void migrate.start({ params: { id: vmId }, body: { hostId: target?.host.id ?? '' } });
  return (
    <Dialog
      open
      onClose={close}
      size="large"
      title={`Migrate ${vm.data?.name ?? ''}`}
      description="Choose the host. The virtual machine and its clients keep running."
      footer={
        <>
          <Button onClick={close}>{started ? 'Close' : 'Cancel'}</Button>
          {!migrate.task && (
            <Button
              variant="primary"
              busy={migrate.isBusy}
              disabledReason={blockedBy(vm.data, target)}
              onClick={start}
            >
              Migrate
            </Button>
          )}
        </>
      }
    >
      <div className="space-y-4">
        {!started && (
          <QueryState query={targets}>
            {({ targets: known }) => (
              <MigrationTargets targets={known} chosen={chosen} onChoose={setChosen} />
            )}
          </QueryState>
        )}
        {!started && vm.data && target?.verdict.allowed && <WhatHappens vm={vm.data} to={target} />}
        {started && <Progress migrate={migrate} to={target} />}
        {migrate.error && !migrate.isBusy && <ErrorState error={migrate.error} compact />}
      </div>
    </Dialog>
  );
}

function blockedBy(vm: VmView | undefined, target: MigrationTarget | null): DisabledReason {
  if (!target) return 'Choose a host first.';
  const refused = reasonOf(target.verdict);
  return refused ?? reasonOf(vm?.actions.migrate);
}

function WhatHappens({ vm, to }: { vm: VmView; to: MigrationTarget }) {
  const connections = vm.disks.reduce((sum, disk) => sum + disk.connections, 0);
  const live = vm.powerState === 'poweredOn';
  return (
    <div className="space-y-3 border-t border-line pt-3">
      <h3 className="font-semibold">What will happen</h3>
      <ul className="list-disc space-y-1 pl-5">
        <li>
          {`${vm.name} moves from ${vm.host.name} to ${to.host.name}; its disks stay where ` +
            'they are.'}
        </li>
        {vm.filterNames.length > 0 && (
          <li>
            {`${vm.filterNames.join(', ')} are loaded from the image of ${to.host.name}, ` +
              'and get the state that they had.'}
          </li>
        )}
        {live && (
          <li>
            {`${formatNoun(connections, 'client connection')} stay open. I/O waits for a ` +
              'moment while the disks change hands; the pause is measured and shown here.'}
          </li>
        )}
      </ul>
      {to.verdict.warnings.length > 0 && <Banner tone="warn" reasons={to.verdict.warnings} />}
      <SameAsCall call={apiCall('migrateVm', { id: vm.id }, { hostId: to.host.id })} />
    </div>
  );
}

function Progress({
  migrate,
  to,
}: {
  migrate: ReturnType<typeof useMigrateVm>;
  to: MigrationTarget | null;
}) {
  const { task } = migrate;
  const result = task && migrationResult(task);
  if (task?.state === 'success') {
    return (
      <Banner tone="ok" title={`It runs on ${to?.host.name ?? 'the other host'} now`}>
        <MigrationNumbers result={result} />
      </Banner>
    );
  }
  if (!migrate.isBusy) return null;
  return (
    <div className="space-y-2">
      <p>{task?.step || 'Waiting for the migration to start'}</p>
      <ProgressBar value={task?.progress ?? null} label="Migration" />
      <p className="text-muted">You may close this; it goes on, and stands in Recent Tasks.</p>
    </div>
  );
}
