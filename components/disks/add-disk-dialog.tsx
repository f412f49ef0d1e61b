'use client';
// Adds a disk: a new one, one whose files are there already, or a mapping to a raw device. The
// verdict on what is described stands below it before anything is done.
// URL: `vm`.
import { useState } from 'react';
import type { UrlDialogProps } from '#components/shell/dialog-outlet.tsx';
import { useChange } from '#lib/client/use-call.ts';
import { useDatastores, useVm } from '#lib/client/use-inventory.ts';
import { useVmCheck } from '#lib/client/use-operations.ts';
import type { DatastoreSummary } from '#lib/wire/api/datastores.ts';
import type { VmView } from '#lib/wire/api/inventory.ts';
import { formatBytes } from '../format/quantities.ts';
import { apiCall } from '../tasks/api-call.ts';
import { type DisabledReason, reasonOf } from '../ui/disabled-reason.tsx';
import { RadioGroup } from '../ui/forms/radio-group.tsx';
import { Select } from '../ui/forms/select.tsx';
import { TextField } from '../ui/forms/text-field.tsx';
import { ConfirmDialog } from '../ui/overlays/confirm-dialog.tsx';
import { Dialog } from '../ui/overlays/dialog.tsx';
import { SameAsCall } from '../ui/same-as-call.tsx';
import { QueryState } from '../ui/states/query-state.tsx';
import { VerdictBanner } from '../ui/states/verdict-banner.tsx';
import { type AddDiskDraft, addDiskInput, isProblem } from './add-disk-draft.ts';
import { PROVISIONING_OPTIONS } from './disk-words.ts';
import { SizeField } from './size-field.tsx';

export function AddDiskDialog({ param, close }: UrlDialogProps) {
  const vm = useVm(param('vm') ?? '');
  const datastores = useDatastores();
  if (vm.data && datastores.data) {
    return <Form vm={vm.data} datastores={datastores.data} close={close} />;
  }
  return (
    <Dialog open onClose={close} title="Add disk">
      <QueryState query={vm}>{() => null}</QueryState>
      {vm.data && <QueryState query={datastores}>{() => null}</QueryState>}
    </Dialog>
  );
}

interface FormProps {
  vm: VmView;
  datastores: readonly DatastoreSummary[];
  close: () => void;
}

function Form({ vm, datastores, close }: FormProps) {
  const { mutateAsync } = useChange('addDisk');
  const [draft, setDraft] = useState<AddDiskDraft>(() => ({
    ...{ kind: 'new', size: { amount: '1', unit: 'GiB' }, provisioning: 'thin' },
    ...{ datastoreId: vm.datastore.id, path: '', device: '', compatibilityMode: 'virtualMode' },
  }));
  const input = addDiskInput(draft);
  const body = isProblem(input) ? null : input;
  const check = useVmCheck('checkAddDisk', vm.id, body);
  const set = (changes: Partial<AddDiskDraft>) => setDraft({ ...draft, ...changes });
  return (
    <ConfirmDialog
      open
      onClose={close}
      size="medium"
      title={`Add a disk to ${vm.name}`}
      verb="Add"
      disabledReason={isProblem(input) ? input.message : blockedBy(check)}
      onConfirm={() =>
        body ? mutateAsync({ params: { id: vm.id }, body }) : Promise.resolve(null)
      }
    >
      <RadioGroup
        label="Disk"
        value={draft.kind}
        options={kindOptions(vm)}
        onChange={(kind) => set({ kind })}
      />
      <DiskFields draft={draft} set={set} />
      <Select
        label={draft.kind === 'rawDevice' ? 'Datastore of the mapping file' : 'Datastore'}
        value={draft.datastoreId}
        options={datastores.map((datastore) => datastoreOption(vm, datastore))}
        onChange={(datastoreId) => set({ datastoreId })}
      />
      {body && <VerdictBanner verdict={check.data} error={check.error} ok="It can be added" />}
      {body && <SameAsCall call={apiCall('addDisk', { id: vm.id }, { ...body })} />}
    </ConfirmDialog>
  );
}

function blockedBy({ data, error }: ReturnType<typeof useVmCheck>): DisabledReason {
  return error ? 'Whether this is possible could not be found out.' : reasonOf(data);
}

function kindOptions({ actions }: VmView) {
  return [
    {
      value: 'new' as const,
      label: 'New disk',
      help: 'Empty, on a datastore.',
      disabledReason: reasonOf(actions.addDisk),
    },
    {
      value: 'existing' as const,
      label: 'Existing disk',
      help: 'A descriptor (.vmdk) that is on a datastore already.',
      disabledReason: reasonOf(actions.addExistingDisk),
    },
    {
      value: 'rawDevice' as const,
      label: 'Raw device',
      help: 'A mapping to a block device, or to a disk of any NBD server.',
      disabledReason: reasonOf(actions.addRawDevice),
    },
  ];
}

interface FieldsProps {
  draft: AddDiskDraft;
  set: (changes: Partial<AddDiskDraft>) => void;
}

function DiskFields({ draft, set }: FieldsProps) {
  if (draft.kind === 'new') {
    const input = addDiskInput(draft);
    return (
      <>
        <SizeField
          label="Size"
          value={draft.size}
          error={isProblem(input) ? input.message : undefined}
          onChange={(size) => set({ size })}
        />
        <RadioGroup
          label="Provisioning"
          value={draft.provisioning}
          options={PROVISIONING_OPTIONS}
          onChange={(provisioning) => set({ provisioning })}
        />
      </>
    );
  }
  if (draft.kind === 'existing') {
    return (
      <TextField
        label="Path of the descriptor"
        placeholder="web01/web01_1.vmdk"
        help="Inside of the datastore."
        value={draft.path}
        onChange={(path) => set({ path })}
      />
    );
  }
  return (
    <>
      <TextField
        label="Device or NBD address"
        placeholder="nbd://address:10809/export"
        help="A block device of the host (/dev/sdb), or nbd://address:port/export."
        value={draft.device}
        onChange={(device) => set({ device })}
      />
      <RadioGroup
        label="Compatibility mode"
        value={draft.compatibilityMode}
        options={[
          {
            value: 'virtualMode',
            label: 'Virtual',
            help: 'The device behaves as a virtual disk: filters and snapshots work.',
          },
          {
            value: 'physicalMode',
            label: 'Physical',
            help: 'I/O would go past the filters.',
          },
        ]}
        onChange={(compatibilityMode) => set({ compatibilityMode })}
      />
    </>
  );
}

function datastoreOption(vm: VmView, { id, name, freeBytes, hosts }: DatastoreSummary) {
  const mount = hosts.find((host) => host.id === vm.host.id);
  const home = id === vm.datastore.id ? ', the home of the virtual machine' : '';
  return {
    value: id,
    label: name,
    help: `${formatBytes(freeBytes)} free${home}`,
    disabledReason: mount?.accessible
      ? null
      : `${vm.host.name} ${mount ? 'cannot reach it' : 'does not mount it'}.`,
  };
}
