'use client';
// The page of a resource pool: what it reserves, what it may have and what its virtual machines
// have, and what is in it. Props: `id`.
import { openDialog } from '#components/shell/dialog-url.ts';
import { ObjectIcon } from '#components/shell/object-icon.tsx';
import { ObjectPage } from '#components/shell/object-page.tsx';
import { useChange } from '#lib/client/use-call.ts';
import { useResourcePool } from '#lib/client/use-inventory.ts';
import type { ResourcePoolView } from '#lib/wire/api/resources/resource-pools.ts';
import { ActionsMenu } from '../objects/actions-menu.tsx';
import { ObjectLink } from '../objects/object-link.tsx';
import { ObjectMonitor } from '../objects/object-monitor.tsx';
import { DataTable } from '../tables/data-table.tsx';
import type { TableColumn } from '../tables/table-column.ts';
import { Button } from '../ui/button.tsx';
import { Card } from '../ui/card.tsx';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { showFault } from '../ui/overlays/toast.tsx';
import { PropertyList } from '../ui/property-list.tsx';
import { EmptyState } from '../ui/states/empty-state.tsx';
import { QueryState } from '../ui/states/query-state.tsx';
import { poolMenu } from './pool-menu.ts';

type PoolVm = ResourcePoolView['vms'][number];

export function PoolPage({ id }: { id: string }) {
  return (
    <QueryState query={useResourcePool(id)} lines={12}>
      {(pool) => <Page pool={pool} />}
    </QueryState>
  );
}

function Page({ pool }: { pool: ResourcePoolView }) {
  const { id, name, vms, actions } = pool;
  return (
    <ObjectPage
      icon={<ObjectIcon kind="resourcePool" size={22} />}
      name={name}
      kind="Resource pool"
      actions={<ActionsMenu items={poolMenu(id, actions)} />}
      tabs={[
        { id: 'summary', label: 'Summary', content: <Summary pool={pool} /> },
        { id: 'monitor', label: 'Monitor', content: <ObjectMonitor id={id} /> },
        {
          id: 'vms',
          label: 'Virtual machines',
          count: vms.length,
          content: <Vms pool={pool} />,
        },
      ]}
    />
  );
}

function Summary({ pool }: { pool: ResourcePoolView }) {
  const { owner, parent, pools, memoryReservationMib, memoryLimitMib, memoryGrantedMib } = pool;
  return (
    <div className="grid items-start gap-4 xl:grid-cols-2">
      <Card title="Memory">
        <PropertyList
          items={[
            { label: 'Reservation', value: `${memoryReservationMib} MiB` },
            {
              label: 'Limit',
              value: memoryLimitMib === null ? 'No limit' : `${memoryLimitMib} MiB`,
            },
            { label: 'Granted to running virtual machines', value: `${memoryGrantedMib} MiB` },
          ]}
        />
      </Card>
      <Card title="Resource pool">
        <PropertyList
          items={[
            { label: 'Memory of', value: <ObjectLink {...owner} /> },
            ...(parent ? [{ label: 'Within', value: <ObjectLink {...parent} /> }] : []),
            ...(pools.length > 0
              ? [{ label: 'Resource pools in it', value: <PoolLinks pools={pools} /> }]
              : []),
          ]}
        />
      </Card>
    </div>
  );
}

function PoolLinks({ pools }: Pick<ResourcePoolView, 'pools'>) {
  return (
    <ul>
      {pools.map((child) => (
        <li key={child.id}>
          <ObjectLink {...child} />
        </li>
      ))}
    </ul>
  );
}

const COLUMNS: readonly TableColumn<PoolVm>[] = [
  {
    id: 'name',
    header: 'Name',
    grow: true,
    width: 220,
    value: ({ name }) => name,
    cell: ({ id, name, powerState }) => (
      <span className="flex min-w-0 items-center gap-2">
        <ObjectIcon kind="vm" state={powerState} size={15} />
        <ObjectLink id={id} name={name} />
      </span>
    ),
  },
  {
    id: 'memory',
    header: 'Memory',
    width: 120,
    align: 'end',
    value: ({ memoryMib }) => memoryMib,
    text: ({ memoryMib }) => `${memoryMib} MiB`,
  },
];

function Vms({ pool }: { pool: ResourcePoolView }) {
  const { mutate } = useChange('assignToPool');
  const reason = reasonOf(pool.actions.assignVms);
  const add = (
    <Button disabledReason={reason} onClick={() => openDialog('assignToPool', { pool: pool.id })}>
      Move virtual machines here…
    </Button>
  );
  return (
    <DataTable
      id="pool-vms"
      label={`Virtual machines of ${pool.name}`}
      rows={pool.vms}
      rowId={({ id }) => id}
      columns={COLUMNS}
      defaultSort={{ column: 'name', descending: false }}
      height={480}
      rowMenu={({ id }) => [
        {
          id: 'out',
          label: 'Move out of the resource pool',
          disabledReason: reason,
          onSelect: () =>
            mutate(
              { body: { poolId: pool.parent?.id ?? null, vmIds: [id] } },
              { onError: (error) => showFault('The virtual machine was not moved', error) },
            ),
        },
      ]}
      empty={
        <EmptyState title={`No virtual machine is in ${pool.name} yet`} action={add}>
          Its reservation is kept free for those that are moved here.
        </EmptyState>
      }
    />
  );
}
