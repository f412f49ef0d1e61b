'use client';
// Take a snapshot, and rename one: name and description.
// URL: `vm`, and `snapshot` to rename.
import { type ReactNode, useState } from 'react';
import type { UrlDialogProps } from '#components/shell/dialog-outlet.tsx';
import { systemClock } from '#lib/base/system-clock.ts';
import { useChange } from '#lib/client/use-call.ts';
import { useVm } from '#lib/client/use-inventory.ts';
import type { Verdict } from '#lib/model/verdict.ts';
import type { VmView } from '#lib/wire/api/inventory.ts';
import type { SnapshotView } from '#lib/wire/api/vm-operations.ts';
import { formatMoment } from '../format/times.ts';
import { apiCall } from '../tasks/api-call.ts';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { Checkbox } from '../ui/forms/checkbox.tsx';
import { TextField } from '../ui/forms/text-field.tsx';
import { ConfirmDialog } from '../ui/overlays/confirm-dialog.tsx';
import { Dialog } from '../ui/overlays/dialog.tsx';
import { SameAsCall } from '../ui/same-as-call.tsx';
import { Banner } from '../ui/states/banner.tsx';
import { QueryState } from '../ui/states/query-state.tsx';
import { useUrlSnapshot } from './use-url-snapshot.ts';

const NAME_MAX = 80;

export function TakeSnapshotDialog({ param, close }: UrlDialogProps) {
  const vm = useVm(param('vm') ?? '');
  if (vm.data) return <TakeForm vm={vm.data} close={close} />;
  return (
    <Dialog open onClose={close} title="Take snapshot">
      <QueryState query={vm}>{() => null}</QueryState>
    </Dialog>
  );
}

function TakeForm({ vm, close }: { vm: VmView; close: () => void }) {
  const { mutateAsync } = useChange('createSnapshot');
  const [name, setName] = useState(() => `Snapshot of ${formatMoment(systemClock.now())}`);
  const [description, setDescription] = useState('');
  const [quiesce, setQuiesce] = useState(false);
  const on = vm.powerState === 'poweredOn';
  const body = { name: name.trim(), description, quiesce: quiesce && on };
  return (
    <NamedDialog
      title={`Take a snapshot of ${vm.name}`}
      verb="Take snapshot"
      verdict={vm.actions.createSnapshot}
      text={{ name, setName, description, setDescription }}
      close={close}
      onConfirm={() => mutateAsync({ params: { id: vm.id }, body })}
    >
      {on && (
        <Checkbox
          checked={quiesce}
          onChange={setQuiesce}
          label="Quiesce"
          help="Filters write out what they hold back first, so that the disks are consistent."
        />
      )}
      <p className="text-muted">
        {on
          ? 'All disks are kept as they are at one moment. Clients stay connected; their I/O ' +
            'waits for some milliseconds.'
          : 'All disks are kept as they are now.'}
      </p>
      <SameAsCall call={apiCall('createSnapshot', { id: vm.id }, body)} />
    </NamedDialog>
  );
}

export function RenameSnapshotDialog({ param, close }: UrlDialogProps) {
  const { vm, vmId, snapshot } = useUrlSnapshot(param);
  if (snapshot) return <RenameForm vmId={vmId} snapshot={snapshot} close={close} />;
  return (
    <Dialog open onClose={close} title="Rename snapshot">
      <QueryState query={vm}>{() => <p>The snapshot does not exist any more.</p>}</QueryState>
    </Dialog>
  );
}

interface RenameProps {
  vmId: string;
  snapshot: SnapshotView;
  close: () => void;
}

function RenameForm({ vmId, snapshot, close }: RenameProps) {
  const { mutateAsync } = useChange('renameSnapshot');
  const [name, setName] = useState(snapshot.name);
  const [description, setDescription] = useState(snapshot.description);
  const params = { id: vmId, snapshotId: String(snapshot.id) };
  const body = { name: name.trim(), description };
  return (
    <NamedDialog
      title={`Rename “${snapshot.name}”`}
      verb="Rename"
      verdict={snapshot.actions.rename}
      text={{ name, setName, description, setDescription }}
      close={close}
      onConfirm={() => mutateAsync({ params, body })}
    >
      <SameAsCall call={apiCall('renameSnapshot', params, body)} />
    </NamedDialog>
  );
}

interface NamedDialogProps {
  title: string;
  verb: string;
  verdict: Verdict | undefined;
  text: {
    name: string;
    setName: (name: string) => void;
    description: string;
    setDescription: (description: string) => void;
  };
  close: () => void;
  onConfirm: () => Promise<unknown>;
  children: ReactNode;
}

function NamedDialog(props: NamedDialogProps) {
  const { title, verb, verdict, text, close, onConfirm, children } = props;
  const name = text.name.trim();
  const wrong =
    name === ''
      ? 'Enter a name.'
      : name.length > NAME_MAX
        ? `A name has at most ${NAME_MAX} characters.`
        : null;
  return (
    <ConfirmDialog
      open
      onClose={close}
      title={title}
      verb={verb}
      disabledReason={reasonOf(verdict) ?? wrong}
      onConfirm={onConfirm}
    >
      {verdict?.allowed === false && (
        <Banner tone="bad" title="This is not possible now" reasons={verdict.reasons} />
      )}
      <TextField
        label="Name"
        required
        autoFocus
        value={text.name}
        error={name.length > NAME_MAX && wrong ? wrong : undefined}
        onChange={text.setName}
      />
      <TextField
        label="Description"
        lines={3}
        value={text.description}
        onChange={text.setDescription}
      />
      {children}
    </ConfirmDialog>
  );
}
