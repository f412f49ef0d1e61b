'use client';
// The objects on a vSAN or vVol datastore as a table with a row for each component: whose disk it
// is, how healthy, on which host, in which state, what is left to copy. Props: `objects`.
import type { DatastoreView } from '#lib/wire/api/datastores.ts';
import { Health } from '../disks/disk-health.tsx';
import { formatBytes } from '../format/quantities.ts';
import { ObjectLink } from '../objects/object-link.tsx';
import { DataTable } from '../tables/data-table.tsx';
import type { TableColumn } from '../tables/table-column.ts';
import { Badge } from '../ui/badge.tsx';
import { EmptyState } from '../ui/states/empty-state.tsx';
import { COMPONENT_STATES, type ComponentRow, componentRows, diskNames } from './object-rows.ts';

const TABLE_HEIGHT = 420;
const COLUMNS: readonly TableColumn<ComponentRow>[] = [
  {
    id: 'disk',
    header: 'Virtual disk',
    grow: true,
    width: 220,
    value: ({ object }) => diskNames(object),
    cell: ({ object }) => <Owners object={object} />,
  },
  {
    id: 'health',
    header: 'Health',
    width: 220,
    facet: true,
    value: ({ object }) => object.health,
    cell: ({ object }) => <Health text={object.health} />,
  },
  {
    id: 'component',
    header: 'Component',
    width: 110,
    facet: true,
    value: ({ component }) => roleOf(component),
  },
  {
    id: 'host',
    header: 'Host',
    width: 100,
    facet: true,
    value: ({ component }) => component?.hostName ?? '',
  },
  {
    id: 'state',
    header: 'State',
    width: 110,
    facet: true,
    value: ({ component }) => (component ? COMPONENT_STATES[component.state].label : ''),
    cell: ({ component }) =>
      component && (
        <Badge tone={COMPONENT_STATES[component.state].tone} subtle>
          {COMPONENT_STATES[component.state].label}
        </Badge>
      ),
  },
  {
    id: 'votes',
    header: 'Votes',
    width: 70,
    align: 'end',
    value: ({ component }) => component?.votes ?? 0,
    text: ({ component }) => (component ? String(component.votes) : ''),
  },
  {
    id: 'resync',
    header: 'To resynchronise',
    width: 140,
    align: 'end',
    value: ({ component }) => component?.bytesToResync ?? 0,
    text: ({ component }) =>
      component && component.bytesToResync > 0 ? formatBytes(component.bytesToResync) : '',
  },
];

export function DatastoreObjects({ objects }: { objects: DatastoreView['objects'] }) {
  return (
    <DataTable
      id="storage-objects"
      label="Objects"
      rows={componentRows(objects)}
      rowId={({ object, component }) => `${object.id} ${component?.id ?? ''}`}
      columns={COLUMNS}
      height={TABLE_HEIGHT}
      empty={<EmptyState title="No objects on this datastore" />}
    />
  );
}

function Owners({ object }: { object: DatastoreView['objects'][number] }) {
  if (object.disks.length === 0) return <span className="text-muted">{object.id}</span>;
  return (
    <span className="flex min-w-0 flex-wrap gap-x-2">
      {object.disks.map(({ vm, diskKey, label }) => (
        <span key={`${vm.id} ${diskKey}`}>
          <ObjectLink {...vm} /> <span className="text-muted">{label}</span>
        </span>
      ))}
    </span>
  );
}

function roleOf(component: ComponentRow['component']): string {
  if (component === null) return 'Volume';
  return component.role === 'witness' ? 'Witness' : 'Copy';
}
