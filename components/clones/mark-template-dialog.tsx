'use client';
// Convert a VM to a template, or a template to a VM. URL: `vm`, `to` (template, vm).
import type { UrlDialogProps } from '#components/shell/dialog-outlet.tsx';
import { useChange } from '#lib/client/use-call.ts';
import { useVm } from '#lib/client/use-inventory.ts';
import { apiCall } from '../tasks/api-call.ts';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { ConfirmDialog } from '../ui/overlays/confirm-dialog.tsx';
import { Banner } from '../ui/states/banner.tsx';
import { QueryState } from '../ui/states/query-state.tsx';

export function MarkTemplateDialog({ param, close }: UrlDialogProps) {
  const vmId = param('vm') ?? '';
  const template = param('to') !== 'vm';
  const vm = useVm(vmId);
  const { mutateAsync } = useChange('markTemplate');
  const actions = vm.data?.actions;
  const verdict = template ? actions?.markAsTemplate : actions?.markAsVirtualMachine;
  const params = { id: vmId };
  return (
    <ConfirmDialog
      open
      onClose={close}
      title={`Convert ${vm.data?.name ?? ''} to a ${template ? 'template' : 'virtual machine'}`}
      verb="Convert"
      disabledReason={reasonOf(verdict)}
      onConfirm={() => mutateAsync({ params, body: { template } })}
      call={apiCall('markTemplate', params, { template })}
    >
      <QueryState query={vm} lines={2}>
        {({ name }) => (
          <p>
            {template
              ? `${name} cannot be powered on any more, and its disks stay as they are. Virtual ` +
                'machines are deployed from it. It can be converted back.'
              : `${name} is a virtual machine again, and can be powered on.`}
          </p>
        )}
      </QueryState>
      {verdict?.allowed === false && (
        <Banner tone="bad" title="This is not possible now" reasons={verdict.reasons} />
      )}
    </ConfirmDialog>
  );
}
