'use client';
// New folder, new cluster, new datacenter. URL: `parent`, and `type` of a folder (vm or host).
import { useState } from 'react';
import type { UrlDialogProps } from '#components/shell/dialog-outlet.tsx';
import { useChange } from '#lib/client/use-call.ts';
import { useObject } from '#lib/client/use-inventory.ts';
import { apiCall } from '../tasks/api-call.ts';
import { Checkbox } from '../ui/forms/checkbox.tsx';
import { TextField } from '../ui/forms/text-field.tsx';
import { ConfirmDialog } from '../ui/overlays/confirm-dialog.tsx';

const NAMELESS = 'Enter a name.';

export function CreateFolderDialog({ param, close }: UrlDialogProps) {
  const parentId = param('parent') ?? '';
  const type = param('type') === 'host' ? 'host' : 'vm';
  const parent = useObject(parentId);
  const { mutateAsync } = useChange('createFolder');
  const [name, setName] = useState('');
  const body = { name: name.trim(), type, parentId } as const;
  const what = type === 'vm' ? 'virtual machines and templates' : 'hosts and clusters';
  return (
    <ConfirmDialog
      open
      onClose={close}
      title={`New folder in ${parent.data?.name ?? '…'}`}
      verb="Create"
      disabledReason={body.name === '' ? NAMELESS : null}
      onConfirm={() => mutateAsync({ body })}
      call={apiCall('createFolder', {}, body)}
    >
      <TextField label="Name" required autoFocus value={name} onChange={setName} />
      <p className="text-muted">
        {`The folder is for ${what}. Permissions on it hold for all that is put into it.`}
      </p>
    </ConfirmDialog>
  );
}

export function CreateClusterDialog({ param, close }: UrlDialogProps) {
  const parentId = param('parent') ?? '';
  const parent = useObject(parentId);
  const { mutateAsync } = useChange('createCluster');
  const [name, setName] = useState('');
  const [enabled, setEnabled] = useState(true);
  const drs = { enabled, behavior: 'partiallyAutomated', threshold: 3 } as const;
  const body = { name: name.trim(), parentId, drs };
  return (
    <ConfirmDialog
      open
      onClose={close}
      title={`New cluster in ${parent.data?.name ?? '…'}`}
      verb="Create"
      disabledReason={body.name === '' ? NAMELESS : null}
      onConfirm={() => mutateAsync({ body })}
      call={apiCall('createCluster', {}, body)}
    >
      <TextField label="Name" required autoFocus value={name} onChange={setName} />
      <Checkbox
        label="DRS is on"
        help="Partially automated. Edit DRS of the cluster to change that."
        checked={enabled}
        onChange={setEnabled}
      />
      <p className="text-muted">Hosts are added to the cluster, or moved into it, afterwards.</p>
    </ConfirmDialog>
  );
}

export function CreateDatacenterDialog({ close }: UrlDialogProps) {
  const { mutateAsync } = useChange('createDatacenter');
  const [name, setName] = useState('');
  const body = { name: name.trim() };
  return (
    <ConfirmDialog
      open
      onClose={close}
      title="New datacenter"
      verb="Create"
      disabledReason={body.name === '' ? NAMELESS : null}
      onConfirm={() => mutateAsync({ body })}
      call={apiCall('createDatacenter', {}, body)}
    >
      <TextField label="Name" required autoFocus value={name} onChange={setName} />
      <p className="text-muted">Clusters, hosts and datastores belong to one datacenter.</p>
    </ConfirmDialog>
  );
}
