'use client';
// One row of a few to choose, each with the verdict on choosing it: hosts or datastores that a VM
// may go to. Those that are possible come first; radio buttons carry the choice.
// Props: `label`, `columns` (between the name and the verdict), `rows`, `chosen`, `onChoose`,
// `empty` (said when there are no rows).
import { type ReactNode, useId } from 'react';
import type { Verdict } from '#lib/model/verdict.ts';
import { Badge } from '../ui/badge.tsx';
import { classNames } from '../ui/class-names.ts';
import { ReasonList } from '../ui/reason-list.tsx';
import { ScrollArea } from '../ui/scroll-area.tsx';
import { EmptyState } from '../ui/states/empty-state.tsx';

export interface ChoiceColumn {
  header: string;
  /** Width, and `text-right` for numbers. */
  className: string;
}

export interface ChoiceRow {
  id: string;
  name: string;
  /** One for each column. */
  cells: readonly ReactNode[];
  /** Where the VM is already: said instead of the verdict, and not to be chosen. */
  note?: string | undefined;
  verdict: Verdict;
}

export interface ChoiceTableProps {
  label: string;
  nameHeader: string;
  columns: readonly ChoiceColumn[];
  rows: readonly ChoiceRow[];
  chosen: string | null;
  onChoose: (id: string) => void;
  empty: string;
}

export function ChoiceTable(props: ChoiceTableProps) {
  const { label, nameHeader, columns, rows, chosen, onChoose, empty } = props;
  const group = useId();
  if (rows.length === 0) return <EmptyState title={empty} />;
  const ordered = [...rows].sort((a, b) => rank(a) - rank(b));
  return (
    <ScrollArea label={label}>
      <table className="w-full min-w-[40rem] border-collapse">
        <thead>
          <tr className="border-b border-line text-left text-sm text-muted">
            <th className="w-8 py-1">
              <span className="sr-only">Choice</span>
            </th>
            <th className="w-36 py-1 pr-3 font-medium">{nameHeader}</th>
            {columns.map(({ header, className }) => (
              <th key={header} className={classNames('py-1 pr-4 font-medium', className)}>
                {header}
              </th>
            ))}
            <th className="py-1 font-medium">Compatibility</th>
          </tr>
        </thead>
        <tbody>
          {ordered.map((row) => (
            <Row
              key={row.id}
              row={row}
              columns={columns}
              group={group}
              chosen={chosen === row.id}
              onChoose={() => onChoose(row.id)}
            />
          ))}
        </tbody>
      </table>
    </ScrollArea>
  );
}

interface RowProps {
  row: ChoiceRow;
  columns: readonly ChoiceColumn[];
  group: string;
  chosen: boolean;
  onChoose: () => void;
}

function Row({ row, columns, group, chosen, onChoose }: RowProps) {
  const id = useId();
  const possible = isPossible(row);
  return (
    <tr
      className={classNames(
        'border-b border-line align-top',
        chosen && 'bg-selected',
        !possible && 'text-muted',
      )}
    >
      <td className="py-1.5 pl-1">
        <input
          id={id}
          type="radio"
          name={group}
          className="size-4 accent-accent"
          checked={chosen}
          disabled={!possible}
          aria-describedby={`${id}-verdict`}
          onChange={onChoose}
        />
      </td>
      <td className="py-1.5 pr-3">
        <label htmlFor={id} className={possible ? 'font-medium' : ''}>
          {row.name}
        </label>
      </td>
      {columns.map(({ header, className }, index) => (
        <td key={header} className={classNames('py-1.5 pr-4', className)}>
          {row.cells[index]}
        </td>
      ))}
      <td className="space-y-1 py-1.5 text-ink" id={`${id}-verdict`}>
        <RowVerdict row={row} />
      </td>
    </tr>
  );
}

function RowVerdict({ row: { note, verdict } }: { row: ChoiceRow }) {
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

function isPossible({ note, verdict }: ChoiceRow): boolean {
  return note === undefined && verdict.allowed;
}

/** Possible ones first, then where it is, then what cannot take it. */
function rank(row: ChoiceRow): number {
  if (isPossible(row)) return 0;
  return row.note === undefined ? 2 : 1;
}
