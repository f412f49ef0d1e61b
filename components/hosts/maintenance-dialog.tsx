'use client';
// Enter or exit maintenance mode, after saying what will happen to each virtual machine on the
// host.
// URL: `host`, `to` (enter, exit).
import { useQueries } from '@tanstack/react-query';
import { useState } from 'react';
import type { UrlDialogProps } from '#components/shell/dialog-outlet.tsx';
import { call } from '#lib/client/call.ts';
import { queryKey } from '#lib/client/query-keys.ts';
import { useChange } from '#lib/client/use-call.ts';
import { useHost } from '#lib/client/use-inventory.ts';
import type { HostView, VmSummary } from '#lib/wire/api/inventory.ts';
import type { MigrationTarget } from '#lib/wire/api/operations.ts';
import { apiCall } from '../tasks/api-call.ts';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { Checkbox } from '../ui/forms/checkbox.tsx';
import { ConfirmDialog } from '../ui/overlays/confirm-dialog.tsx';
import { Banner } from '../ui/states/banner.tsx';
import { QueryState } from '../ui/states/query-state.tsx';

/** For more VMs than this the dialog counts instead of asking for the targets of each. */
const NAMED_MAX = 12;

export function MaintenanceDialog({ param, close }: UrlDialogProps) {
  const id = param('host') ?? '';
  const entering = param('to') !== 'exit';
  const host = useHost(id);
  const { mutateAsync } = useChange('setMaintenance');
  const verb = entering ? 'Enter maintenance mode' : 'Exit maintenance mode';
  const verdict = entering
    ? host.data?.actions.enterMaintenance
    : host.data?.actions.exitMaintenance;
  const [evacuatePoweredOffVms, setEvacuate] = useState(false);
  const body = { enabled: entering, evacuatePoweredOffVms: entering && evacuatePoweredOffVms };
  const hasOthers = host.data !== undefined && host.data.vmCount > host.data.poweredOnVmCount;
  return (
    <ConfirmDialog
      open
      onClose={close}
      title={`${host.data?.name ?? 'Host'}: ${verb.toLowerCase()}`}
      verb={verb}
      disabledReason={reasonOf(verdict)}
      onConfirm={() => mutateAsync({ params: { id }, body })}
      call={apiCall('setMaintenance', { id }, body)}
    >
      <QueryState query={host} lines={3}>
        {(known) => (
          <>
            {verdict?.allowed === false && (
              <Banner tone="bad" title="This is not possible now" reasons={verdict.reasons} />
            )}
            {verdict && verdict.warnings.length > 0 && (
              <Banner tone="warn" reasons={verdict.warnings} />
            )}
            {entering ? <Entering host={known} /> : <Exiting host={known} />}
          </>
        )}
      </QueryState>
      {entering && hasOthers && (
        <Checkbox
          label="Move powered-off and suspended virtual machines to other hosts in the cluster"
          checked={evacuatePoweredOffVms}
          onChange={setEvacuate}
        />
      )}
    </ConfirmDialog>
  );
}

function Exiting({ host }: { host: HostView }) {
  return (
    <p>{`${host.name} takes virtual machines again. Those that left it stay where they are.`}</p>
  );
}

function Entering({ host }: { host: HostView }) {
  const running = host.vms.filter(({ powerState }) => powerState === 'poweredOn');
  if (host.poweredOnVmCount === 0)
    return (
      <p>{`No virtual machine runs on ${host.name}. It takes none until it leaves the mode.`}</p>
    );
  return (
    <div className="space-y-2">
      <p>
        {`Each virtual machine that runs on ${host.name} is migrated live to a compatible ` +
          `host first. ${host.name} takes none until it leaves the mode.`}
      </p>
      {host.poweredOnVmCount > NAMED_MAX || running.length < host.poweredOnVmCount ? (
        <p>{`${host.poweredOnVmCount} virtual machines run here.`}</p>
      ) : (
        <Evacuation vms={running} />
      )}
    </div>
  );
}

function Evacuation({ vms }: { vms: readonly VmSummary[] }) {
  const answers = useQueries({
    queries: vms.map(({ id }) => ({
      queryKey: queryKey('listMigrationTargets', { params: { id } }),
      queryFn: () => call('listMigrationTargets', { params: { id } }),
    })),
  });
  return (
    <ul className="divide-y divide-line rounded-md border border-line">
      {vms.map((vm, index) => (
        <li key={vm.id} className="px-3 py-1.5">
          <p className="font-medium">{vm.name}</p>
          <Destinations vm={vm} targets={answers[index]?.data?.targets} />
        </li>
      ))}
    </ul>
  );
}

function Destinations({ vm, targets }: { vm: VmSummary; targets: MigrationTarget[] | undefined }) {
  if (!targets) return <p className="text-muted">Looking for compatible hosts…</p>;
  const own = targets.filter(({ cluster }) => cluster?.id === vm.cluster?.id);
  const possible = own.filter(({ verdict, current }) => verdict.allowed && !current);
  if (possible.length > 0)
    return (
      <p className="text-muted">
        {`Can go to ${possible.map(({ host }) => host.name).join(', ')}`}
      </p>
    );
  const refused = own.filter(({ current }) => !current);
  return (
    <div className="text-bad">
      <p>No host can take it; the host cannot enter the mode while it runs.</p>
      <ul className="list-disc pl-4">
        {refused.map(({ host, verdict }) => (
          <li
            key={host.id}
          >{`${host.name}: ${verdict.reasons.map((one) => one.message).join(' ')}`}</li>
        ))}
      </ul>
    </div>
  );
}
