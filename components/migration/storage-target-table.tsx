'use client';
// Datastores to choose from: type, free space, and why one cannot be chosen. Those that can take it
// come first.
// Props: `rows`, `chosen`, `onChoose`.
import { useId } from 'react';
import type { DatastoreType } from '#lib/model/inventory.ts';
import type { Verdict } from '#lib/model/verdict.ts';
import { typeLabel } from '../datastores/datastore-words.ts';
import { formatBytes } from '../format/quantities.ts';
import { Badge } from '../ui/badge.tsx';
import { classNames } from '../ui/class-names.ts';
import { ReasonList } from '../ui/reason-list.tsx';
import { EmptyState } from '../ui/states/empty-state.tsx';

export interface StorageRow {
  id: string;
  name: string;
  type: DatastoreType | string;
  capacityBytes: number;
  freeBytes: number;
  /** Said instead of the verdict. */
  note?: string | undefined;
  verdict: Verdict;
}

export interface StorageTargetTableProps {
  rows: readonly StorageRow[];
  chosen: string | null;
  onChoose: (datastoreId: string) => void;
}

export function StorageTargetTable({ rows, chosen, onChoose }: StorageTargetTableProps) {
  const group = useId();
  if (rows.length === 0) return <EmptyState title="There is no datastore" />;
  const ordered = [...rows].sort((a, b) => Number(b.verdict.allowed) - Number(a.verdict.allowed));
  return (
    <div className="overflow-x-auto">
      <table className="w-full min-w-[36rem] border-collapse">
        <thead>
          <tr className="border-b border-line text-left text-sm text-muted">
            <th className="w-8 py-1">
              <span className="sr-only">Choice</span>
            </th>
            <th className="w-40 py-1 pr-3 font-medium">Datastore</th>
            <th className="w-20 py-1 pr-3 font-medium">Type</th>
            <th className="w-40 py-1 pr-4 text-right font-medium">Free</th>
            <th className="py-1 font-medium">Compatibility</th>
          </tr>
        </thead>
        <tbody>
          {ordered.map((row) => (
            <Row
              key={row.id}
              row={row}
              group={group}
              chosen={chosen === row.id}
              onChoose={() => onChoose(row.id)}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface RowProps {
  row: StorageRow;
  group: string;
  chosen: boolean;
  onChoose: () => void;
}

function Row({ row, group, chosen, onChoose }: RowProps) {
  const id = useId();
  const { name, type, capacityBytes, freeBytes, note, verdict } = row;
  return (
    <tr
      className={classNames(
        'border-b border-line align-top',
        chosen && 'bg-selected',
        !verdict.allowed && 'text-muted',
      )}
    >
      <td className="py-1.5 pl-1">
        <input
          id={id}
          type="radio"
          name={group}
          className="size-4 accent-accent"
          checked={chosen}
          disabled={!verdict.allowed}
          aria-describedby={`${id}-verdict`}
          onChange={onChoose}
        />
      </td>
      <td className="py-1.5 pr-3">
        <label htmlFor={id} className={verdict.allowed ? 'font-medium' : ''}>
          {name}
        </label>
      </td>
      <td className="py-1.5 pr-3">{typeLabel(type)}</td>
      <td className="py-1.5 pr-4 text-right">
        {`${formatBytes(freeBytes)} of ${formatBytes(capacityBytes)}`}
      </td>
      <td className="space-y-1 py-1.5 text-ink" id={`${id}-verdict`}>
        <StorageVerdict note={note} verdict={verdict} />
      </td>
    </tr>
  );
}

function StorageVerdict({ note, verdict }: Pick<StorageRow, 'note' | 'verdict'>) {
  if (note) return <Badge tone="info">{note}</Badge>;
  return (
    <>
      <Badge tone={verdict.allowed ? 'ok' : 'bad'}>
        {verdict.allowed ? 'Compatible' : 'Incompatible'}
      </Badge>
      <ReasonList reasons={verdict.allowed ? verdict.warnings : verdict.reasons} />
    </>
  );
}
