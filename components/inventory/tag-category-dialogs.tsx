'use client';
// Make, edit and delete a category of tags. URL: `category` (left out: a new one).
import { useState } from 'react';
import type { UrlDialogProps } from '#components/shell/dialog-outlet.tsx';
import { useCall, useChange } from '#lib/client/use-call.ts';
import { INVENTORY_TYPES, type InventoryType, KIND_WORDS } from '#lib/model/object-kind.ts';
import type { TagCategoryView } from '#lib/wire/api/tags.ts';
import { formatNoun } from '../format/quantities.ts';
import { apiCall } from '../tasks/api-call.ts';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { Checkbox } from '../ui/forms/checkbox.tsx';
import { RadioGroup } from '../ui/forms/radio-group.tsx';
import { TextField } from '../ui/forms/text-field.tsx';
import { ConfirmDialog } from '../ui/overlays/confirm-dialog.tsx';
import { Dialog } from '../ui/overlays/dialog.tsx';
import { QueryState } from '../ui/states/query-state.tsx';

export function TagCategoryDialog({ param, close }: UrlDialogProps) {
  const id = param('category');
  const catalogue = useCall('listTags', {});
  const category = catalogue.data?.categories.find((one) => one.id === id) ?? null;
  if (id === null || category) return <Form category={category} onClose={close} />;
  return (
    <Dialog open onClose={close} title="Edit category">
      <QueryState query={catalogue}>{() => <p>This category is gone.</p>}</QueryState>
    </Dialog>
  );
}

const NEW = { name: '', description: '', multiple: false, associableTypes: [] };

function Form({ category, onClose }: { category: TagCategoryView | null; onClose: () => void }) {
  const create = useChange('createTagCategory');
  const update = useChange('updateTagCategory');
  const [form, setForm] = useState({ ...(category ?? NEW) });
  const { multiple } = form;
  const [types, setTypes] = useState<readonly InventoryType[]>(category?.associableTypes ?? []);
  const body = {
    ...{ name: form.name.trim(), description: form.description.trim(), multiple },
    associableTypes: [...types],
  };
  const params = { id: category?.id ?? '' };
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      size="medium"
      title={category ? `Edit ${category.name}` : 'New tag category'}
      verb={category ? 'Save' : 'Create'}
      disabledReason={
        body.name === '' ? 'Enter a name.' : category ? reasonOf(category.actions.edit) : null
      }
      onConfirm={() =>
        category ? update.mutateAsync({ params, body }) : create.mutateAsync({ body })
      }
      call={apiCall(category ? 'updateTagCategory' : 'createTagCategory', params, body)}
    >
      <TextField
        label="Name"
        required
        autoFocus
        value={form.name}
        onChange={(name) => setForm({ ...form, name })}
      />
      <TextField
        label="Description"
        value={form.description}
        onChange={(description) => setForm({ ...form, description })}
      />
      <RadioGroup<'one' | 'many'>
        label="Tags of it on one object"
        value={multiple ? 'many' : 'one'}
        onChange={(value) => setForm({ ...form, multiple: value === 'many' })}
        options={[
          {
            value: 'one',
            label: 'One tag',
            disabledReason: category?.multiple ? 'Objects may have several of its tags.' : null,
          },
          { value: 'many', label: 'Several tags' },
        ]}
      />
      <Types chosen={types} before={category?.associableTypes ?? null} onChange={setTypes} />
    </ConfirmDialog>
  );
}

interface TypesProps {
  chosen: readonly InventoryType[];
  /** Of a category that is there; its types stay. */
  before: readonly InventoryType[] | null;
  onChange: (types: readonly InventoryType[]) => void;
}

/** None ticked: all objects. */
function Types({ chosen, before, onChange }: TypesProps) {
  const isWhole = before !== null && before.length === 0;
  return (
    <fieldset>
      <legend className="font-medium">For (none ticked: all objects)</legend>
      {INVENTORY_TYPES.map((type) => (
        <Checkbox
          key={type}
          label={KIND_WORDS[type].many}
          checked={chosen.includes(type)}
          disabled={isWhole || before?.includes(type)}
          onChange={(on) => onChange(on ? [...chosen, type] : chosen.filter((one) => one !== type))}
        />
      ))}
    </fieldset>
  );
}

export function DeleteTagCategoryDialog({ param, close }: UrlDialogProps) {
  const id = param('category') ?? '';
  const { data } = useCall('listTags', {});
  const { mutateAsync } = useChange('deleteTagCategory');
  const category = data?.categories.find((one) => one.id === id);
  const tags = (data?.tags ?? []).filter(({ categoryId }) => categoryId === id);
  const assigned = tags.filter(({ objectCount }) => objectCount > 0).length;
  return (
    <ConfirmDialog
      open
      onClose={close}
      danger
      title={`Delete ${category?.name ?? 'the category'}`}
      verb="Delete"
      disabledReason={reasonOf(category?.actions.delete)}
      onConfirm={() => mutateAsync({ params: { id } })}
      call={apiCall('deleteTagCategory', { id })}
    >
      <p>
        {tags.length === 0
          ? 'The category has no tags.'
          : `Its ${formatNoun(tags.length, 'tag')} ${tags.length === 1 ? 'goes' : 'go'} with it; ` +
            `${assigned} of them ${assigned === 1 ? 'is' : 'are'} assigned to objects.`}
      </p>
    </ConfirmDialog>
  );
}
