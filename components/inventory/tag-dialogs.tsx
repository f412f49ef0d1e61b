'use client';
// Make, edit and delete a tag. URL: `tag` (left out: a new one), `category` (chosen beforehand).
import { useState } from 'react';
import type { UrlDialogProps } from '#components/shell/dialog-outlet.tsx';
import { useCall, useChange } from '#lib/client/use-call.ts';
import type { TagCatalogue } from '#lib/wire/api/tags.ts';
import { formatNoun } from '../format/quantities.ts';
import { apiCall } from '../tasks/api-call.ts';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { Select } from '../ui/forms/select.tsx';
import { TextField } from '../ui/forms/text-field.tsx';
import { ConfirmDialog } from '../ui/overlays/confirm-dialog.tsx';
import { Dialog } from '../ui/overlays/dialog.tsx';
import { QueryState } from '../ui/states/query-state.tsx';

export function TagDialog({ param, close }: UrlDialogProps) {
  const id = param('tag');
  const catalogue = useCall('listTags', {});
  const { data } = catalogue;
  const isThere = id === null || data?.tags.some((tag) => tag.id === id);
  if (data && isThere) {
    return <Form catalogue={data} id={id} first={param('category')} onClose={close} />;
  }
  return (
    <Dialog open onClose={close} title="Tag">
      <QueryState query={catalogue}>{() => <p>This tag is gone.</p>}</QueryState>
    </Dialog>
  );
}

interface FormProps {
  catalogue: TagCatalogue;
  id: string | null;
  first: string | null;
  onClose: () => void;
}

function Form({ catalogue, id, first, onClose }: FormProps) {
  const create = useChange('createTag');
  const update = useChange('updateTag');
  const tag = catalogue.tags.find((one) => one.id === id);
  const [name, setName] = useState(tag?.name ?? '');
  const [description, setDescription] = useState(tag?.description ?? '');
  const before = tag?.categoryId ?? first ?? catalogue.categories[0]?.id ?? '';
  const [categoryId, setCategory] = useState(before);
  const input = { name: name.trim(), description: description.trim() };
  const params = { id: id ?? '' };
  const incomplete =
    input.name === '' ? 'Enter a name.' : categoryId === '' ? 'Make a category first.' : null;
  const body = { ...input, categoryId };
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      title={tag ? `Edit ${tag.name}` : 'New tag'}
      verb={tag ? 'Save' : 'Create'}
      disabledReason={incomplete ?? (tag ? reasonOf(tag.actions.edit) : null)}
      onConfirm={() =>
        tag ? update.mutateAsync({ params, body: input }) : create.mutateAsync({ body })
      }
      call={tag ? apiCall('updateTag', params, input) : apiCall('createTag', {}, body)}
    >
      <TextField label="Name" required autoFocus value={name} onChange={setName} />
      <TextField label="Description" value={description} onChange={setDescription} />
      <Select
        label="Category"
        required
        disabled={tag !== undefined}
        value={categoryId === '' ? null : categoryId}
        onChange={setCategory}
        options={catalogue.categories.map((one) => ({ value: one.id, label: one.name }))}
      />
    </ConfirmDialog>
  );
}

export function DeleteTagDialog({ param, close }: UrlDialogProps) {
  const id = param('tag') ?? '';
  const { data } = useCall('listTags', {});
  const { mutateAsync } = useChange('deleteTag');
  const tag = data?.tags.find((one) => one.id === id);
  const count = tag?.objectCount ?? 0;
  return (
    <ConfirmDialog
      open
      onClose={close}
      danger
      title={`Delete ${tag?.name ?? 'the tag'}`}
      verb="Delete"
      disabledReason={reasonOf(tag?.actions.delete)}
      onConfirm={() => mutateAsync({ params: { id } })}
      call={apiCall('deleteTag', { id })}
    >
      <p>{count === 0 ? 'No object has it.' : `It is taken off ${formatNoun(count, 'object')}.`}</p>
    </ConfirmDialog>
  );
}
