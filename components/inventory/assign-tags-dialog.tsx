'use client';
// Assign tags to an object and take them off, category by category. URL: `object`.
import Link from 'next/link';
import { useState } from 'react';
import type { UrlDialogProps } from '#components/shell/dialog-outlet.tsx';
import { useCall, useChange } from '#lib/client/use-call.ts';
import { useObject } from '#lib/client/use-inventory.ts';
import type { ObjectView } from '#lib/wire/api/inventory-objects.ts';
import type { TagCatalogue, TagCategoryView, TagView } from '#lib/wire/api/tags.ts';
import { apiCall } from '../tasks/api-call.ts';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { Checkbox } from '../ui/forms/checkbox.tsx';
import { ConfirmDialog } from '../ui/overlays/confirm-dialog.tsx';
import { Dialog } from '../ui/overlays/dialog.tsx';
import { EmptyState } from '../ui/states/empty-state.tsx';
import { QueryState } from '../ui/states/query-state.tsx';

export function AssignTagsDialog({ param, close }: UrlDialogProps) {
  const object = useObject(param('object') ?? '');
  const catalogue = useCall('listTags', {});
  if (object.data && catalogue.data) {
    return <Form object={object.data} catalogue={catalogue.data} onClose={close} />;
  }
  return (
    <Dialog open onClose={close} title="Assign tags">
      <QueryState query={object}>
        {() => <QueryState query={catalogue}>{() => null}</QueryState>}
      </QueryState>
    </Dialog>
  );
}

interface FormProps {
  object: ObjectView;
  catalogue: TagCatalogue;
  onClose: () => void;
}

function Form({ object, catalogue, onClose }: FormProps) {
  const { id } = object;
  const { mutateAsync } = useChange('changeObjectTags');
  const had = object.tags.map((tag) => tag.id);
  const [chosen, setChosen] = useState<readonly string[]>(had);
  const assign = chosen.filter((tag) => !had.includes(tag));
  const unassign = had.filter((tag) => !chosen.includes(tag));
  const body = { assign, unassign };
  const categories = catalogue.categories.filter(
    ({ associableTypes: types }) => types.length === 0 || types.includes(object.type),
  );
  const offered = catalogue.tags.filter(({ categoryId }) =>
    categories.some((category) => category.id === categoryId),
  );
  const unchanged = assign.length + unassign.length === 0 ? 'Choose a tag first.' : null;
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      size="medium"
      title={`Tags of ${object.name}`}
      verb="Save"
      disabledReason={unchanged ?? reasonOf(object.actions.assignTags)}
      onConfirm={() => mutateAsync({ params: { id }, body })}
      call={unchanged ? undefined : apiCall('changeObjectTags', { id }, body)}
    >
      {offered.length === 0 ? (
        <EmptyState title="No tags for this kind of object yet">
          Tags and their categories are made on <Link href="/tags">Tags and custom attributes</Link>
          .
        </EmptyState>
      ) : (
        categories.map((category) => (
          <CategoryChoice
            key={category.id}
            category={category}
            tags={offered.filter(({ categoryId }) => categoryId === category.id)}
            chosen={chosen}
            onChange={setChosen}
          />
        ))
      )}
    </ConfirmDialog>
  );
}

interface CategoryChoiceProps {
  category: TagCategoryView;
  tags: readonly TagView[];
  chosen: readonly string[];
  onChange: (chosen: readonly string[]) => void;
}

/** Of a category with one tag for each object, a tick takes the other one away. */
function CategoryChoice({ category, tags, chosen, onChange }: CategoryChoiceProps) {
  const { name, multiple } = category;
  if (tags.length === 0) return null;
  const own = new Set(tags.map(({ id }) => id));
  const toggle = (id: string, on: boolean) => {
    const others = chosen.filter((one) => one !== id && (multiple || !on || !own.has(one)));
    onChange(on ? [...others, id] : others);
  };
  return (
    <fieldset>
      <legend className="font-medium">{multiple ? name : `${name} (one at most)`}</legend>
      {tags.map(({ id, name: label, description }) => (
        <Checkbox
          key={id}
          label={label}
          help={description || undefined}
          checked={chosen.includes(id)}
          onChange={(on) => toggle(id, on)}
        />
      ))}
    </fieldset>
  );
}
