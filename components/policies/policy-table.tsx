'use client';
// VM storage policies as a table. Props: `rows`, `create` (the button of the empty state).
import { ShieldCheck } from 'lucide-react';
import { useRouter } from 'next/navigation';
import type { ReactNode } from 'react';
import { openDialog } from '#components/shell/dialog-url.ts';
import type { PolicyView } from '#lib/wire/api/policies.ts';
import { ObjectLink } from '../objects/object-link.tsx';
import { DataTable } from '../tables/data-table.tsx';
import type { TableColumn } from '../tables/table-column.ts';
import { Age } from '../ui/age.tsx';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { EmptyState } from '../ui/states/empty-state.tsx';
import { rulesText } from './policy-words.ts';

const COLUMNS: readonly TableColumn<PolicyView>[] = [
  {
    id: 'name',
    header: 'Name',
    width: 220,
    value: ({ name }) => name,
    cell: ({ id, name }) => <ObjectLink id={id} name={name} />,
  },
  {
    id: 'rules',
    header: 'Host-based services',
    grow: true,
    width: 260,
    value: ({ rules }) => rulesText(rules),
  },
  {
    id: 'disks',
    header: 'Disks',
    width: 80,
    align: 'end',
    value: ({ assignments }) => assignments.length,
  },
  {
    id: 'noncompliant',
    header: 'Noncompliant',
    width: 120,
    align: 'end',
    value: ({ assignments }) =>
      assignments.filter(({ compliance }) => compliance === 'nonCompliant').length,
  },
  { id: 'updatedBy', header: 'Changed by', width: 120, value: ({ updatedBy }) => updatedBy },
  {
    id: 'updated',
    header: 'Changed',
    width: 140,
    value: ({ updatedAt }) => updatedAt,
    cell: ({ updatedAt }) => <Age at={updatedAt} />,
  },
];

export function PolicyTable({
  rows,
  create,
}: {
  rows: readonly PolicyView[] | undefined;
  create: ReactNode;
}) {
  const router = useRouter();
  return (
    <DataTable
      id="policies"
      label="VM storage policies"
      rows={rows}
      rowId={(policy) => policy.id}
      columns={COLUMNS}
      defaultSort={{ column: 'name', descending: false }}
      onOpen={(policy) => router.push(`/policies/${policy.id}`)}
      rowMenu={({ id, actions }) => [
        {
          id: 'edit',
          label: 'Edit…',
          disabledReason: reasonOf(actions.edit),
          onSelect: () => openDialog('policy', { policy: id }),
        },
        {
          id: 'delete',
          label: 'Delete…',
          danger: true,
          disabledReason: reasonOf(actions.delete),
          onSelect: () => openDialog('deletePolicy', { policy: id }),
        },
      ]}
      empty={
        <EmptyState icon={ShieldCheck} title="No VM storage policies yet" action={create}>
          A policy names I/O filters and their properties. Assign it to a disk, and the disk runs
          with them.
        </EmptyState>
      }
    />
  );
}
