'use client';
// Tags, their categories, and custom attributes: what there is, and the ways to make more.
import { Plus, Tags } from 'lucide-react';
import { openDialog } from '#components/shell/dialog-url.ts';
import { PageHeader } from '#components/shell/object-page.tsx';
import { useCall } from '#lib/client/use-call.ts';
import type { Verdict } from '#lib/model/verdict.ts';
import { Button } from '../ui/button.tsx';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { QueryState } from '../ui/states/query-state.tsx';
import { Tabs } from '../ui/tabs.tsx';
import { CategoryTable, CustomFieldTable, TagTable } from './tag-tables.tsx';

export function TagsPage() {
  const catalogue = useCall('listTags', {});
  const fields = useCall('listCustomFields', {});
  const { categories = [], tags = [], actions = {} } = catalogue.data ?? {};
  const isBare = catalogue.data !== undefined && categories.length === 0;
  const createTag = (
    <Create
      label="New tag…"
      verdict={actions.createTag}
      refusal={isBare ? 'Make a category first.' : null}
      onClick={() => openDialog('tag', {})}
    />
  );
  const createCategory = (
    <Create
      label="New category…"
      verdict={actions.createCategory}
      onClick={() => openDialog('tagCategory', {})}
    />
  );
  const addField = (
    <Create
      label="Add an attribute…"
      verdict={fields.data?.actions.create}
      onClick={() => openDialog('customField', {})}
    />
  );
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <title>Tags and custom attributes – Sluice</title>
      <PageHeader
        icon={<Tags aria-hidden size={20} strokeWidth={1.75} />}
        title="Tags and custom attributes"
      />
      <Tabs
        label="Tags and custom attributes"
        tabs={[
          {
            id: 'tags',
            label: 'Tags',
            count: tags.length,
            content: (
              <QueryState query={catalogue}>
                {(known) => (
                  <TagTable catalogue={known} create={isBare ? createCategory : createTag} />
                )}
              </QueryState>
            ),
          },
          {
            id: 'categories',
            label: 'Categories',
            count: categories.length,
            content: (
              <QueryState query={catalogue}>
                {(known) => <CategoryTable catalogue={known} create={createCategory} />}
              </QueryState>
            ),
          },
          {
            id: 'attributes',
            label: 'Custom attributes',
            count: fields.data?.fields.length,
            content: (
              <QueryState query={fields}>
                {(known) => <CustomFieldTable rows={known.fields} create={addField} />}
              </QueryState>
            ),
          },
        ]}
      />
    </div>
  );
}

interface CreateProps {
  label: string;
  verdict: Verdict | undefined;
  refusal?: string | null;
  onClick: () => void;
}

function Create({ label, verdict, refusal, onClick }: CreateProps) {
  return (
    <Button
      variant="primary"
      icon={<Plus size={13} />}
      disabledReason={refusal ?? reasonOf(verdict)}
      onClick={onClick}
    >
      {label}
    </Button>
  );
}
