'use client';
// Takes a disk from a VM; its files stay, or are deleted after its name was typed. URL: `vm`,
// `disk`.
import { useState } from 'react';
import type { UrlDialogProps } from '#components/shell/dialog-outlet.tsx';
import { useChange } from '#lib/client/use-call.ts';
import { useVm } from '#lib/client/use-inventory.ts';
import type { DiskView, VmView } from '#lib/wire/api/inventory.ts';
import { formatBytes, formatNoun } from '../format/quantities.ts';
import { apiCall } from '../tasks/api-call.ts';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { RadioGroup } from '../ui/forms/radio-group.tsx';
import { ConfirmDialog } from '../ui/overlays/confirm-dialog.tsx';
import { Dialog } from '../ui/overlays/dialog.tsx';
import { Banner } from '../ui/states/banner.tsx';
import { QueryState } from '../ui/states/query-state.tsx';

export function RemoveDiskDialog({ param, close }: UrlDialogProps) {
  const vm = useVm(param('vm') ?? '');
  const disk = vm.data?.disks.find(({ key }) => String(key) === param('disk'));
  if (vm.data && disk) return <Form vm={vm.data} disk={disk} close={close} />;
  return (
    <Dialog open onClose={close} title="Remove disk">
      <QueryState query={vm}>{() => <p>The disk does not exist any more.</p>}</QueryState>
    </Dialog>
  );
}

function Form({ vm, disk, close }: { vm: VmView; disk: DiskView; close: () => void }) {
  const { mutateAsync } = useChange('removeDisk');
  const [files, setFiles] = useState<'keep' | 'delete'>('keep');
  const deletes = files === 'delete';
  const verdict = disk.actions[deletes ? 'removeAndDeleteFiles' : 'remove'];
  const params = { id: vm.id, key: String(disk.key) };
  const call = apiCall('removeDisk', params);
  return (
    <ConfirmDialog
      open
      onClose={close}
      title={`Remove ${disk.label} from ${vm.name}`}
      verb={deletes ? 'Remove and delete' : 'Remove'}
      danger
      typed={deletes ? disk.label : undefined}
      disabledReason={reasonOf(verdict)}
      onConfirm={() => mutateAsync({ params, query: { files } })}
      call={{ ...call, path: `${call.path}?files=${files}` }}
    >
      <RadioGroup
        label="Its files"
        value={files}
        options={[
          {
            value: 'keep',
            label: 'Keep them',
            help: `${disk.path} stays on ${disk.datastore.name}, and can be added again.`,
          },
          {
            value: 'delete',
            label: 'Delete them from the datastore',
            help: disk.backing === 'rdm' ? 'The mapping alone; the device keeps its data.' : '',
            disabledReason: reasonOf(disk.actions.removeAndDeleteFiles),
          },
        ]}
        onChange={setFiles}
      />
      {verdict?.allowed === false && (
        <Banner tone="bad" title="This is not possible now" reasons={verdict.reasons} />
      )}
      {deletes && disk.backing !== 'rdm' && (
        <Banner tone="warn" title={`${formatBytes(disk.capacityBytes)} of data are lost`}>
          This cannot be undone.
        </Banner>
      )}
      {disk.connections > 0 && (
        <Banner
          tone="warn"
          title={`${formatNoun(disk.connections, 'client connection')} will be closed`}
        />
      )}
    </ConfirmDialog>
  );
}
