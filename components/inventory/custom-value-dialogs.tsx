'use client';
// Custom attributes: make, rename and delete them, and edit the values of an object. URL: `object`,
// or `field` (left out: a new one).
import Link from 'next/link';
import { useState } from 'react';
import type { UrlDialogProps } from '#components/shell/dialog-outlet.tsx';
import { useCall, useChange } from '#lib/client/use-call.ts';
import { useObject } from '#lib/client/use-inventory.ts';
import { INVENTORY_TYPES, KIND_WORDS } from '#lib/model/object-kind.ts';
import type { ObjectView } from '#lib/wire/api/inventory-objects.ts';
import { formatNoun } from '../format/quantities.ts';
import { apiCall } from '../tasks/api-call.ts';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { Select } from '../ui/forms/select.tsx';
import { TextField } from '../ui/forms/text-field.tsx';
import { ConfirmDialog } from '../ui/overlays/confirm-dialog.tsx';
import { Dialog } from '../ui/overlays/dialog.tsx';
import { EmptyState } from '../ui/states/empty-state.tsx';
import { QueryState } from '../ui/states/query-state.tsx';

/** The choice of no type: an attribute of all objects. */
const ALL = 'all';

export function CustomValuesDialog({ param, close }: UrlDialogProps) {
  const object = useObject(param('object') ?? '');
  if (object.data) return <Values object={object.data} onClose={close} />;
  return (
    <Dialog open onClose={close} title="Edit custom attributes">
      <QueryState query={object}>{() => null}</QueryState>
    </Dialog>
  );
}

function Values({ object, onClose }: { object: ObjectView; onClose: () => void }) {
  const { id, customValues } = object;
  const { mutateAsync } = useChange('setCustomValues');
  const [typed, setTyped] = useState<Readonly<Record<string, string>>>({});
  const values = customValues
    .map(({ fieldId, value }) => ({ fieldId, value: (typed[fieldId] ?? value).trim() }))
    .filter(({ value }, index) => value !== customValues[index]?.value);
  const unchanged = values.length === 0 ? 'Change a value first.' : null;
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      size="medium"
      title={`Custom attributes of ${object.name}`}
      verb="Save"
      disabledReason={unchanged ?? reasonOf(object.actions.setCustomValues)}
      onConfirm={() => mutateAsync({ params: { id }, body: { values } })}
      call={unchanged ? undefined : apiCall('setCustomValues', { id }, { values })}
    >
      {customValues.length === 0 ? (
        <EmptyState title="No custom attributes for this kind of object yet">
          They are added on <Link href="/tags?tab=attributes">Tags and custom attributes</Link>.
        </EmptyState>
      ) : (
        customValues.map(({ fieldId, name, value }) => (
          <TextField
            key={fieldId}
            label={name}
            value={typed[fieldId] ?? value}
            onChange={(text) => setTyped({ ...typed, [fieldId]: text })}
          />
        ))
      )}
    </ConfirmDialog>
  );
}

export function CustomFieldDialog({ param, close }: UrlDialogProps) {
  const id = param('field');
  return id === null ? <NewField onClose={close} /> : <RenameField id={id} onClose={close} />;
}

function NewField({ onClose }: { onClose: () => void }) {
  const { mutateAsync } = useChange('createCustomField');
  const [name, setName] = useState('');
  const [type, setType] = useState<string>(ALL);
  const body = { name: name.trim(), type: INVENTORY_TYPES.find((one) => one === type) ?? null };
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      title="Add a custom attribute"
      verb="Add"
      disabledReason={body.name === '' ? 'Enter a name.' : null}
      onConfirm={() => mutateAsync({ body })}
      call={apiCall('createCustomField', {}, body)}
    >
      <TextField label="Name" required autoFocus value={name} onChange={setName} />
      <Select
        label="Of"
        value={type}
        onChange={setType}
        options={[
          { value: ALL, label: 'All objects' },
          ...INVENTORY_TYPES.map((value) => ({ value, label: KIND_WORDS[value].many })),
        ]}
      />
    </ConfirmDialog>
  );
}

/** The attribute of that id; undefined while it is asked for, or gone. */
function useField(id: string) {
  return useCall('listCustomFields', {}).data?.fields.find((field) => field.id === id);
}

function RenameField({ id, onClose }: { id: string; onClose: () => void }) {
  const field = useField(id);
  const { mutateAsync } = useChange('renameCustomField');
  const [changed, setName] = useState<string | null>(null);
  const name = changed ?? field?.name ?? '';
  const body = { name: name.trim() };
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      title={`Rename ${field?.name ?? 'the custom attribute'}`}
      verb="Rename"
      disabledReason={body.name === '' ? 'Enter a name.' : reasonOf(field?.actions.rename)}
      onConfirm={() => mutateAsync({ params: { id }, body })}
      call={apiCall('renameCustomField', { id }, body)}
    >
      <TextField label="Name" required autoFocus value={name} onChange={setName} />
    </ConfirmDialog>
  );
}

export function DeleteCustomFieldDialog({ param, close }: UrlDialogProps) {
  const id = param('field') ?? '';
  const field = useField(id);
  const { mutateAsync } = useChange('deleteCustomField');
  const count = field?.objectCount ?? 0;
  return (
    <ConfirmDialog
      open
      onClose={close}
      danger
      title={`Delete ${field?.name ?? 'the custom attribute'}`}
      verb="Delete"
      disabledReason={reasonOf(field?.actions.delete)}
      onConfirm={() => mutateAsync({ params: { id } })}
      call={apiCall('deleteCustomField', { id })}
    >
      <p>
        {count === 0
          ? 'No object has a value of it.'
          : `The values of ${formatNoun(count, 'object')} are lost.`}
      </p>
    </ConfirmDialog>
  );
}
