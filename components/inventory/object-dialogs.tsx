'use client';
// Rename any object of the inventory; delete an empty datacenter, cluster or folder. URL: `object`.
import { usePathname, useRouter } from 'next/navigation';
import { useState } from 'react';
import type { UrlDialogProps } from '#components/shell/dialog-outlet.tsx';
import { useChange } from '#lib/client/use-call.ts';
import { useObject } from '#lib/client/use-inventory.ts';
import { KIND_WORDS } from '#lib/model/object-kind.ts';
import { objectPath } from '../objects/object-paths.ts';
import { apiCall } from '../tasks/api-call.ts';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { TextField } from '../ui/forms/text-field.tsx';
import { ConfirmDialog } from '../ui/overlays/confirm-dialog.tsx';
import { Banner } from '../ui/states/banner.tsx';

export function RenameObjectDialog({ param, close }: UrlDialogProps) {
  const id = param('object') ?? '';
  const object = useObject(id);
  const { mutateAsync } = useChange('renameObject');
  const [changed, setName] = useState<string | null>(null);
  const before = object.data?.name ?? '';
  const body = { name: (changed ?? before).trim() };
  const unchanged = body.name === before ? 'Enter another name.' : null;
  const blocked = body.name === '' ? 'Enter a name.' : unchanged;
  return (
    <ConfirmDialog
      open
      onClose={close}
      title={`Rename ${before || 'the object'}`}
      verb="Rename"
      disabledReason={object.error?.message ?? blocked ?? reasonOf(object.data?.actions.rename)}
      onConfirm={() => mutateAsync({ params: { id }, body })}
      call={apiCall('renameObject', { id }, body)}
    >
      <TextField label="Name" required autoFocus value={changed ?? before} onChange={setName} />
      {object.data?.type === 'vm' && (
        <p className="text-muted">Its files and their directory keep their names.</p>
      )}
    </ConfirmDialog>
  );
}

export function DeleteObjectDialog({ param, close }: UrlDialogProps) {
  const id = param('object') ?? '';
  const object = useObject(id);
  const router = useRouter();
  const pathname = usePathname();
  const { mutateAsync } = useChange('deleteObject');
  const { name = 'the object', type, actions } = object.data ?? {};
  const verdict = actions?.delete;
  const noun = type ? KIND_WORDS[type].noun : 'object';
  const remove = async () => {
    await mutateAsync({ params: { id } });
    if (pathname === objectPath(id)) router.push('/');
  };
  return (
    <ConfirmDialog
      open
      onClose={close}
      danger
      title={`Delete ${name}`}
      verb="Delete"
      disabledReason={object.error?.message ?? reasonOf(verdict)}
      onConfirm={remove}
      call={apiCall('deleteObject', { id })}
    >
      {verdict?.allowed === false ? (
        <Banner tone="bad" title="This is not possible now" reasons={verdict.reasons} />
      ) : (
        <p>
          {`The ${noun} goes with its permissions, tags and custom attributes. Nothing is in it.`}
        </p>
      )}
    </ConfirmDialog>
  );
}
