'use client';
// Datastores to choose from: type, free space, and why one cannot be chosen.
// Props: `rows`, `chosen`, `onChoose`.
import type { DatastoreType } from '#lib/model/inventory.ts';
import type { Verdict } from '#lib/model/verdict.ts';
import { typeLabel } from '../datastores/datastore-words.ts';
import { formatBytes } from '../format/quantities.ts';
import { ChoiceTable } from '../tables/choice-table.tsx';

export interface StorageRow {
  id: string;
  name: string;
  type: DatastoreType | string;
  capacityBytes: number;
  freeBytes: number;
  /** Said instead of the verdict; it cannot be chosen then. */
  note?: string | undefined;
  verdict: Verdict;
}

export interface StorageTargetTableProps {
  rows: readonly StorageRow[];
  chosen: string | null;
  onChoose: (datastoreId: string) => void;
}

const COLUMNS = [
  { header: 'Type', className: 'w-20' },
  { header: 'Free', className: 'w-40 text-right' },
] as const;

export function StorageTargetTable({ rows, chosen, onChoose }: StorageTargetTableProps) {
  return (
    <ChoiceTable
      label="Datastores"
      nameHeader="Datastore"
      columns={COLUMNS}
      rows={rows.map(({ type, capacityBytes, freeBytes, ...row }) => ({
        ...row,
        cells: [typeLabel(type), `${formatBytes(freeBytes)} of ${formatBytes(capacityBytes)}`],
      }))}
      chosen={chosen}
      onChoose={onChoose}
      empty="There is no datastore"
    />
  );
}
