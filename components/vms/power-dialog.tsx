'use client';
// Power on or off, after saying what will happen. URL: `vm`, `to` (a power state).
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

export function PowerDialog({ param, close }: UrlDialogProps) {
  const vmId = param('vm') ?? '';
  const to: PowerState = param('to') === 'poweredOff' ? 'poweredOff' : 'poweredOn';
  const vm = useVm(vmId);
  const { mutateAsync } = useChange('setPower');
  const verb = to === 'poweredOn' ? 'Power on' : 'Power off';
  const verdict = to === 'poweredOn' ? vm.data?.actions.powerOn : vm.data?.actions.powerOff;
  return (
    <ConfirmDialog
      open
      onClose={close}
      title={`${verb} ${vm.data?.name ?? 'the virtual machine'}`}
      verb={verb}
      danger={to === 'poweredOff'}
      disabledReason={reasonOf(verdict)}
      onConfirm={() => mutateAsync({ params: { id: vmId }, body: { powerState: to } })}
    >
      <QueryState query={vm} lines={3}>
        {(known) => (
          <>
            {verdict?.allowed === false && (
              <Banner tone="bad" title="This is not possible now" reasons={verdict.reasons} />
            )}
            <Consequences vm={known} to={to} />
          </>
        )}
      </QueryState>
      <SameAsCall call={apiCall('setPower', { id: vmId }, { powerState: to })} />
    </ConfirmDialog>
  );
}

function Consequences({ vm, to }: { vm: VmView; to: PowerState }) {
  const connections = vm.disks.reduce((sum, disk) => sum + disk.connections, 0);
  if (to === 'poweredOn')
    return (
      <p>
        {vm.name} starts on {vm.host.name}: its disks are opened through their filters, and each
        gets an NBD address.
      </p>
    );
  return (
    <>
      <p>
        {vm.name} stops on {vm.host.name}. Writes that were acknowledged are on its disks; its NBD
        addresses go away.
      </p>
      {connections > 0 && (
        <Banner
          tone="warn"
          title={`${formatNoun(connections, 'client connection')} will be closed`}
        >
          Their I/O that is under way then fails.
        </Banner>
      )}
    </>
  );
}
