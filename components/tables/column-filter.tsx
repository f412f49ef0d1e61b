'use client';
// The filter of one column: values to tick where there are few, else a text. It writes the same
// search that is typed above the table, so that both always agree and the URL carries one thing.
import { useQuery } from '@tanstack/react-query';
import { Funnel } from 'lucide-react';
import { useMemo } from 'react';
import { formatCount } from '#components/format/quantities.ts';
import { classNames } from '#components/ui/class-names.ts';
import { Checkbox } from '#components/ui/forms/checkbox.tsx';
import { TextField } from '#components/ui/forms/text-field.tsx';
import { Popover } from '#components/ui/overlays/popover.tsx';
import { ErrorState } from '#components/ui/states/error-state.tsx';
import { Skeleton } from '#components/ui/states/skeleton.tsx';
import { countTexts, parseQuery, withFieldTerm } from '#lib/base/row-search.ts';
import type { RowSource, TextCount } from './row-source.ts';
import type { TableColumn } from './table-column.ts';
import type { TableUrl } from './use-table-url.ts';

export interface ColumnFilterProps<Row extends object> {
  column: TableColumn<Row>;
  allColumns: readonly TableColumn<Row>[];
  rows: readonly Row[];
  /** Of a table whose rows stay on the server. */
  source?: RowSource<Row> | undefined;
  url: TableUrl;
}

export function ColumnFilter<Row extends object>(props: ColumnFilterProps<Row>) {
  const { column, allColumns, rows, source, url } = props;
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
          <Facets
            column={column}
            rows={rows}
            source={source}
            values={values}
            setValues={setValues}
          />
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

interface FacetsProps<Row extends object>
  extends Pick<ColumnFilterProps<Row>, 'column' | 'rows' | 'source'> {
  values: readonly string[];
  setValues: (values: readonly string[]) => void;
}

function Facets<Row extends object>({ column, rows, source, ...picked }: FacetsProps<Row>) {
  if (source) return <SourceFacets {...picked} column={column} source={source} />;
  return <FacetList {...picked} column={column} counts={countTexts(column, rows)} />;
}

interface SourceFacetsProps<Row extends object>
  extends Pick<FacetsProps<Row>, 'column' | 'values' | 'setValues'> {
  source: RowSource<Row>;
}

function SourceFacets<Row extends object>({ source, ...props }: SourceFacetsProps<Row>) {
  const { data: counts, error, refetch } = useQuery(source.texts(props.column.id));
  if (counts) return <FacetList {...props} counts={counts} />;
  if (error) return <ErrorState error={error} compact onRetry={() => void refetch()} />;
  return <Skeleton lines={4} />;
}

interface FacetListProps<Row extends object>
  extends Pick<FacetsProps<Row>, 'column' | 'values' | 'setValues'> {
  counts: readonly TextCount[];
}

function FacetList<Row extends object>(props: FacetListProps<Row>) {
  const { column, counts, values, setValues } = props;
  const options = counts.filter(({ text }) => text !== '');
  return (
    <fieldset className="max-h-72 overflow-y-auto">
      <legend className="mb-1 font-medium">{column.header}</legend>
      {options.map(({ text, count }) => {
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
