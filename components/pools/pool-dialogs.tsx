'use client';
// New resource pool, and editing one: name, reservation and limit of memory. URL: `parent` (a
// cluster, a standalone host or a pool), or `pool`.
import { useState } from 'react';
import type { UrlDialogProps } from '#components/shell/dialog-outlet.tsx';
import { useChange } from '#lib/client/use-call.ts';
import { useInventory, useResourcePool } from '#lib/client/use-inventory.ts';
import { apiCall } from '../tasks/api-call.ts';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { TextField } from '../ui/forms/text-field.tsx';
import { ConfirmDialog } from '../ui/overlays/confirm-dialog.tsx';

interface Fields {
  name: string;
  reservation: string;
  limit: string;
}

const EMPTY: Fields = { name: '', reservation: '0', limit: '' };

export function CreatePoolDialog({ param, close }: UrlDialogProps) {
  const parentId = param('parent') ?? '';
  const inventory = useInventory();
  const parent = inventory.data?.nodes.find(({ id }) => id === parentId);
  const { mutateAsync } = useChange('createResourcePool');
  const [fields, setFields] = useState(EMPTY);
  const body = { ...bodyOf(fields), parentId };
  return (
    <ConfirmDialog
      open
      onClose={close}
      title={`New resource pool in ${parent?.name ?? '…'}`}
      verb="Create"
      disabledReason={missingIn(fields)}
      onConfirm={() => mutateAsync({ body })}
      call={apiCall('createResourcePool', {}, body)}
    >
      <PoolFields fields={fields} onChange={setFields} />
    </ConfirmDialog>
  );
}

export function EditPoolDialog({ param, close }: UrlDialogProps) {
  const id = param('pool') ?? '';
  const { data } = useResourcePool(id);
  const { mutateAsync } = useChange('changeResourcePool');
  const [changed, setChanged] = useState<Fields | null>(null);
  const known = data && {
    name: data.name,
    reservation: String(data.memoryReservationMib),
    limit: data.memoryLimitMib === null ? '' : String(data.memoryLimitMib),
  };
  const fields = changed ?? known ?? EMPTY;
  const body = bodyOf(fields);
  return (
    <ConfirmDialog
      open
      onClose={close}
      title={`Edit ${data?.name ?? 'the resource pool'}`}
      verb="Save"
      disabledReason={reasonOf(data?.actions.edit) ?? missingIn(fields)}
      onConfirm={() => mutateAsync({ params: { id }, body })}
      call={apiCall('changeResourcePool', { id }, body)}
    >
      <PoolFields fields={fields} onChange={setChanged} />
    </ConfirmDialog>
  );
}

function bodyOf({ name, reservation, limit }: Fields) {
  return {
    name: name.trim(),
    memoryReservationMib: Number(reservation),
    memoryLimitMib: limit.trim() === '' ? null : Number(limit),
  };
}

function missingIn({ name, reservation, limit }: Fields): string | null {
  if (name.trim() === '') return 'Enter a name.';
  if (!/^\d{1,9}$/.test(reservation.trim())) return 'The reservation is a number of MiB.';
  if (!/^\d{0,9}$/.test(limit.trim())) return 'The limit is a number of MiB, or empty.';
  return null;
}

function PoolFields({ fields, onChange }: { fields: Fields; onChange: (fields: Fields) => void }) {
  return (
    <>
      <TextField
        label="Name"
        required
        autoFocus
        value={fields.name}
        onChange={(name) => onChange({ ...fields, name })}
      />
      <TextField
        label="Memory reservation (MiB)"
        value={fields.reservation}
        onChange={(reservation) => onChange({ ...fields, reservation })}
        help="Kept free for its virtual machines: others are not powered on into it."
      />
      <TextField
        label="Memory limit (MiB)"
        value={fields.limit}
        onChange={(limit) => onChange({ ...fields, limit })}
        help="What its running virtual machines may have together. Empty: no limit."
      />
    </>
  );
}
