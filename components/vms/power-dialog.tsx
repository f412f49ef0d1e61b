'use client';
// Power on or off, suspend, resume or reset, after saying what will happen. URL: `vm`, `to` (a
// power state, or `reset`).
import type { UrlDialogProps } from '#components/shell/dialog-outlet.tsx';
import { useChange } from '#lib/client/use-call.ts';
import { useVm } from '#lib/client/use-inventory.ts';
import type { PowerState } from '#lib/model/inventory.ts';
import type { VmView } from '#lib/wire/api/inventory.ts';
import { formatNoun } from '../format/quantities.ts';
import { apiCall } from '../tasks/api-call.ts';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { ConfirmDialog } from '../ui/overlays/confirm-dialog.tsx';
import { SameAsCall } from '../ui/same-as-call.tsx';
import { Banner } from '../ui/states/banner.tsx';
import { QueryState } from '../ui/states/query-state.tsx';

type Change = PowerState | 'reset';

const CHANGES: Record<Change, { verb: string; action: string; danger: boolean }> = {
  poweredOn: { verb: 'Power on', action: 'powerOn', danger: false },
  poweredOff: { verb: 'Power off', action: 'powerOff', danger: true },
  suspended: { verb: 'Suspend', action: 'suspend', danger: false },
  reset: { verb: 'Reset', action: 'reset', danger: true },
};

export function PowerDialog({ param, close }: UrlDialogProps) {
  const vmId = param('vm') ?? '';
  const to = changeOf(param('to'));
  const vm = useVm(vmId);
  const power = useChange('setPower');
  const reset = useChange('resetVm');
  const { action, danger } = CHANGES[to];
  const resumes = to === 'poweredOn' && vm.data?.powerState === 'suspended';
  const verb = resumes ? 'Resume' : CHANGES[to].verb;
  const verdict = vm.data?.actions[action];
  const params = { id: vmId };
  return (
    <ConfirmDialog
      open
      onClose={close}
      title={`${verb} ${vm.data?.name ?? 'the virtual machine'}`}
      verb={verb}
      danger={danger}
      disabledReason={reasonOf(verdict)}
      onConfirm={() =>
        to === 'reset'
          ? reset.mutateAsync({ params })
          : power.mutateAsync({ params, body: { powerState: to } })
      }
    >
      <QueryState query={vm} lines={3}>
        {(known) => (
          <>
            {verdict?.allowed === false && (
              <Banner tone="bad" title="This is not possible now" reasons={verdict.reasons} />
            )}
            <p>{consequence(known, to)}</p>
            {to !== 'poweredOn' && <ClosedConnections vm={known} />}
          </>
        )}
      </QueryState>
      <SameAsCall
        call={
          to === 'reset'
            ? apiCall('resetVm', params, {})
            : apiCall('setPower', params, { powerState: to })
        }
      />
    </ConfirmDialog>
  );
}

function changeOf(text: string | null): Change {
  return text === 'poweredOff' || text === 'suspended' || text === 'reset' ? text : 'poweredOn';
}

function consequence({ name, host, powerState }: VmView, to: Change): string {
  switch (to) {
    case 'poweredOn':
      return powerState === 'suspended'
        ? `${name} goes on on ${host.name} from where it was suspended: its filters get the ` +
            'state that they had.'
        : `${name} starts on ${host.name}: its disks are opened through their filters, and ` +
            'each gets an NBD address.';
    case 'poweredOff':
      return powerState === 'suspended'
        ? `${name} gives up the state in which it was suspended. What was written is on its disks.`
        : `${name} stops on ${host.name}. Writes that were acknowledged are on its disks; its ` +
            'NBD addresses go away.';
    case 'suspended':
      return (
        `${name} stops on ${host.name}, and what its filters remember is kept beside its disks. ` +
        'Power it on, and it goes on from there.'
      );
    case 'reset':
      return (
        `${name} ends and starts anew on ${host.name}, as after a power cycle. Its NBD addresses ` +
        'stay.'
      );
  }
}

function ClosedConnections({ vm }: { vm: VmView }) {
  const connections = vm.disks.reduce((sum, disk) => sum + disk.connections, 0);
  if (connections === 0) return null;
  return (
    <Banner tone="warn" title={`${formatNoun(connections, 'client connection')} will be closed`}>
      Their I/O that is under way then fails.
    </Banner>
  );
}
