'use client';
// The page of a datacenter or a folder: what stands in it, its tags and attributes, its history.
// Props: `id`.
import { useRouter } from 'next/navigation';
import { useMemo } from 'react';
import { KIND_LABELS, ObjectIcon } from '#components/shell/object-icon.tsx';
import { ObjectPage } from '#components/shell/object-page.tsx';
import { useInventory, useObject } from '#lib/client/use-inventory.ts';
import { kindOf } from '#lib/model/object-kind.ts';
import type { InventoryNode } from '#lib/wire/api/inventory.ts';
import type { ObjectView } from '#lib/wire/api/inventory-objects.ts';
import { ActionsMenu } from '../objects/actions-menu.tsx';
import { ObjectLink } from '../objects/object-link.tsx';
import { ObjectMonitor } from '../objects/object-monitor.tsx';
import { objectPath } from '../objects/object-paths.ts';
import { DataTable } from '../tables/data-table.tsx';
import type { TableColumn } from '../tables/table-column.ts';
import { Card } from '../ui/card.tsx';
import { PropertyList } from '../ui/property-list.tsx';
import { EmptyState } from '../ui/states/empty-state.tsx';
import { QueryState } from '../ui/states/query-state.tsx';
import { LabelsCard } from './labels-card.tsx';
import { useObjectMenu } from './object-menu.ts';
import { useColumnsWithTags } from './use-tag-names.ts';

const HEIGHT = 480;

export function PlacePage({ id }: { id: string }) {
  return (
    <QueryState query={useObject(id)} lines={14}>
      {(known) => <Page object={known} />}
    </QueryState>
  );
}

function Page({ object }: { object: ObjectView }) {
  const { id, name, type, datacenter } = object;
  const inventory = useInventory();
  const inside = useMemo(() => contentsOf(inventory.data?.nodes ?? [], id), [inventory.data, id]);
  const kind = type === 'datacenter' ? 'datacenter' : 'vmFolder';
  return (
    <ObjectPage
      icon={<ObjectIcon kind={kind} size={22} />}
      name={name}
      kind={KIND_LABELS[kind]}
      actions={<ActionsMenu items={useObjectMenu(id)} />}
      tabs={[
        {
          id: 'summary',
          label: 'Summary',
          content: (
            <div className="grid items-start gap-4 xl:grid-cols-2">
              <Card title={KIND_LABELS[kind]}>
                <PropertyList
                  items={[
                    ...(datacenter
                      ? [{ label: 'Datacenter', value: <ObjectLink {...datacenter} /> }]
                      : []),
                    ...(type === 'folder' ? [{ label: 'For', value: purposeOf(id) }] : []),
                    ...countsOf(inside),
                  ]}
                />
              </Card>
              <LabelsCard id={id} />
            </div>
          ),
        },
        { id: 'monitor', label: 'Monitor', content: <ObjectMonitor id={id} /> },
        {
          id: 'contents',
          label: 'Contents',
          count: inside.length,
          content: <Contents rows={inside} name={name} />,
        },
      ]}
    />
  );
}

function purposeOf(id: string): string {
  return kindOf(id) === 'vmFolder' ? 'Virtual machines and templates' : 'Hosts and clusters';
}

/** What stands in it itself, folders among it. */
function contentsOf(nodes: readonly InventoryNode[], id: string): InventoryNode[] {
  return nodes.filter(({ parentId, folderId }) => parentId === id || folderId === id);
}

function countsOf(nodes: readonly InventoryNode[]) {
  const counts = new Map<string, number>();
  for (const { kind } of nodes) {
    const label = LABELS[kind];
    counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  if (counts.size === 0) return [{ label: 'Contents', value: 'Nothing yet' }];
  return [...counts].map(([label, value]) => ({ label, value }));
}

const LABELS: Record<InventoryNode['kind'], string> = {
  datacenter: 'Datacenters',
  vmFolder: 'Folders for virtual machines',
  hostFolder: 'Folders for hosts and clusters',
  cluster: 'Clusters',
  resourcePool: 'Resource pools',
  host: 'Standalone hosts',
  vm: 'Virtual machines and templates',
  datastore: 'Datastores',
};

const COLUMNS: readonly TableColumn<InventoryNode>[] = [
  {
    id: 'name',
    header: 'Name',
    grow: true,
    width: 220,
    value: ({ name }) => name,
    cell: ({ id, name, kind, state, badge }) => (
      <span className="flex min-w-0 items-center gap-2">
        <ObjectIcon kind={kind} state={state} badge={badge} size={15} />
        <ObjectLink id={id} name={name} />
      </span>
    ),
  },
  { id: 'kind', header: 'Kind', width: 240, facet: true, value: ({ kind }) => KIND_LABELS[kind] },
];

function Contents({ rows, name }: { rows: readonly InventoryNode[]; name: string }) {
  const router = useRouter();
  return (
    <DataTable
      id="contents"
      label={`Contents of ${name}`}
      rows={rows}
      rowId={({ id }) => id}
      columns={useColumnsWithTags(COLUMNS)}
      defaultSort={{ column: 'name', descending: false }}
      height={HEIGHT}
      onOpen={({ id }) => router.push(objectPath(id) ?? '/')}
      empty={
        <EmptyState title={`Nothing is in ${name} yet`}>
          Move objects here from their Actions menus, or drag virtual machines onto the folder in
          the tree.
        </EmptyState>
      }
    />
  );
}
