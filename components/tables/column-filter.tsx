'use client';
// The filter of one column: values to tick where there are few, else a text. It writes the same
// search that is typed above the table, so that both always agree and the URL carries one thing.
import { Funnel } from 'lucide-react';
import { useMemo } from 'react';
import { formatCount } from '#components/format/quantities.ts';
import { classNames } from '#components/ui/class-names.ts';
import { Checkbox } from '#components/ui/forms/checkbox.tsx';
import { TextField } from '#components/ui/forms/text-field.tsx';
import { Popover } from '#components/ui/overlays/popover.tsx';
import { columnText, type TableColumn } from './table-column.ts';
import { parseQuery, withFieldTerm } from './table-query.ts';
import type { TableUrl } from './use-table-url.ts';

export interface ColumnFilterProps<Row extends object> {
  column: TableColumn<Row>;
  allColumns: readonly TableColumn<Row>[];
  rows: readonly Row[];
  url: TableUrl;
}

export function ColumnFilter<Row extends object>(props: ColumnFilterProps<Row>) {
  const { column, allColumns, url } = props;
  const fields = useMemo(() => allColumns.map(({ id }) => id), [allColumns]);
  const term = parseQuery(url.query, fields).find(
    (one) => one.field === column.id && !one.negated && one.operator === ':',
  );
  const values = term?.values ?? [];
  const setValues = (next: readonly string[]) =>
    url.setQuery(withFieldTerm(url.query, { field: column.id, values: next, fields }));
  return (
    <Popover
      align="start"
      title={`Filter ${column.header}`}
      titleClassName="sr-only"
      className="w-64 rounded-md border border-line bg-raised p-3 text-ink shadow-popup
        outline-none"
      trigger={
        <button
          type="button"
          aria-label={`Filter ${column.header}`}
          className={classNames(
            // Over the header's edge and not beside its text, which keeps its room while nobody
            // filters.
            'absolute top-[3px] flex size-6 items-center justify-center rounded-sm bg-sunken',
            'hover:bg-hover',
            column.align === 'end' ? 'left-0.5' : 'right-0.5',
            values.length > 0
              ? 'text-accent'
              : 'text-muted opacity-0 group-hover/head:opacity-100 focus-visible:opacity-100 ' +
                  'data-popup-open:opacity-100',
          )}
        >
          <Funnel aria-hidden size={12} fill={values.length > 0 ? 'currentColor' : 'none'} />
        </button>
      }
    >
      {() =>
        column.facet ? (
          <Facets {...props} values={values} setValues={setValues} />
        ) : (
          <TextField
            label={`${column.header} contains`}
            value={values.join(',')}
            onChange={(text) => setValues(text === '' ? [] : [text])}
          />
        )
      }
    </Popover>
  );
}

interface FacetsProps<Row extends object> extends ColumnFilterProps<Row> {
  values: readonly string[];
  setValues: (values: readonly string[]) => void;
}

function Facets<Row extends object>({ column, rows, values, setValues }: FacetsProps<Row>) {
  const counts = new Map<string, number>();
  for (const row of rows) {
    for (const text of column.parts?.(row) ?? [columnText(column, row)]) {
      counts.set(text, (counts.get(text) ?? 0) + 1);
    }
  }
  const options = [...counts].filter(([text]) => text !== '').sort(([a], [b]) => (a < b ? -1 : 1));
  return (
    <fieldset className="max-h-72 overflow-y-auto">
      <legend className="mb-1 font-medium">{column.header}</legend>
      {options.map(([text, count]) => {
        const on = values.includes(text.toLowerCase());
        const others = values.filter((value) => value !== text.toLowerCase());
        return (
          <Checkbox
            key={text}
            label={`${text} (${formatCount(count)})`}
            checked={on}
            onChange={() => setValues(on ? others : [...others, text])}
          />
        );
      })}
    </fieldset>
  );
}
