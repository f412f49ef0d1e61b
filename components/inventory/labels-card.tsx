'use client';
// The tags and custom attributes of an object, on its Summary. Props: `id`.
import { Tag } from 'lucide-react';
import { openDialog } from '#components/shell/dialog-url.ts';
import { useObject } from '#lib/client/use-inventory.ts';
import type { ObjectView } from '#lib/wire/api/inventory-objects.ts';
import { ObjectLink } from '../objects/object-link.tsx';
import { Button } from '../ui/button.tsx';
import { Card } from '../ui/card.tsx';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { PropertyList } from '../ui/property-list.tsx';
import { QueryState } from '../ui/states/query-state.tsx';

export function LabelsCard({ id }: { id: string }) {
  const object = useObject(id);
  const actions = object.data?.actions;
  return (
    <Card
      title="Tags and custom attributes"
      actions={
        <>
          <Button
            size="small"
            disabledReason={reasonOf(actions?.assignTags)}
            onClick={() => openDialog('assignTags', { object: id })}
          >
            Assign tags…
          </Button>
          <Button
            size="small"
            disabledReason={reasonOf(actions?.setCustomValues)}
            onClick={() => openDialog('customValues', { object: id })}
          >
            Edit attributes…
          </Button>
        </>
      }
    >
      <QueryState query={object} lines={2}>
        {(known) => <Labels object={known} />}
      </QueryState>
    </Card>
  );
}

function Labels({ object: { type, folder, tags, customValues } }: { object: ObjectView }) {
  const inFolder = type === 'vm' || type === 'cluster' || type === 'folder' || type === 'host';
  return (
    <PropertyList
      items={[
        ...(inFolder ? [{ label: 'Folder', value: folder && <ObjectLink {...folder} /> }] : []),
        { label: 'Tags', value: tags.length === 0 ? null : <TagList tags={tags} /> },
        ...customValues.map(({ name, value }) => ({ label: name, value: value || null })),
      ]}
    />
  );
}

function TagList({ tags }: Pick<ObjectView, 'tags'>) {
  return (
    <ul aria-label="Tags" className="flex flex-wrap gap-1">
      {tags.map(({ id, name, category, description }) => (
        <li
          key={id}
          title={description || undefined}
          className="inline-flex items-center gap-1 rounded-sm bg-idle-soft px-1.5 text-idle"
        >
          <Tag aria-hidden size={12} className="shrink-0" />
          <span className="text-ink">{`${category.name}: ${name}`}</span>
        </li>
      ))}
    </ul>
  );
}
