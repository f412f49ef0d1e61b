'use client';
// The rows that a table shows when they stay on the server: the pages in view, asked for as the
// table is scrolled, and kept on screen until those of another search have come.
import { type UseQueryResult, useQueries, useQueryClient } from '@tanstack/react-query';
import { useCallback, useMemo, useRef, useState } from 'react';
import type { RowPage, RowQuery, RowSource } from './row-source.ts';
import type { TableModel } from './table-model.ts';

const PAGE_ROWS = 100;

export interface SourceModel<Row extends object> {
  /** Null until the first page has come. */
  model: TableModel<Row> | null;
  /** Why pages in view could not be read; the model is then of what was read before. */
  error: unknown;
  refetch: () => void;
  onRange: (first: number, last: number) => void;
}

const NONE: ReadonlySet<string> = new Set();

export function useSourceModel<Row extends object>(
  source: RowSource<Row>,
  query: RowQuery,
  rowId: (row: Row) => string,
): SourceModel<Row> {
  const [range, setRange] = useState({ from: 0, to: 0 });
  const { search, sort } = query;
  const pages = useMemo(() => numbersOf(range), [range]);
  const combine = useCallback(
    (results: UseQueryResult<RowPage<Row>>[]) => ({
      model: modelOf(pages, results, rowId),
      error: results.find(({ error }) => error)?.error ?? null,
    }),
    [pages, rowId],
  );
  const reads = pages.map((page) =>
    source.page({ search, sort, offset: page * PAGE_ROWS, limit: PAGE_ROWS }),
  );
  const found = useQueries({ queries: reads, combine });
  const client = useQueryClient();
  const fresh = useMemo(
    () => found.model && { ...found.model, allRows: () => source.readAll({ search, sort }) },
    [found.model, source, search, sort],
  );
  const shown = useRef<TableModel<Row> | null>(null);
  if (fresh) shown.current = fresh;
  const onRange = useCallback((first: number, last: number) => {
    const [from, to] = [Math.floor(first / PAGE_ROWS), Math.floor(last / PAGE_ROWS)];
    setRange((before) => (before.from === from && before.to === to ? before : { from, to }));
  }, []);
  const refetch = () => {
    for (const { queryKey } of reads) void client.refetchQueries({ queryKey });
  };
  return { model: shown.current, error: found.error, refetch, onRange };
}

function numbersOf({ from, to }: { from: number; to: number }): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

/** Null until any of the pages has come. */
function modelOf<Row extends object>(
  pages: readonly number[],
  results: readonly Pick<UseQueryResult<RowPage<Row>>, 'data'>[],
  rowId: (row: Row) => string,
): Omit<TableModel<Row>, 'allRows'> | null {
  const known = results.find(({ data }) => data)?.data;
  if (!known) return null;
  // With gaps, which nobody looks into: the grid draws what is in view.
  const all = new Array<{ id: string; row: Row }>(known.matching);
  for (const [at, page] of pages.entries()) {
    for (const [index, row] of (results[at]?.data?.rows ?? []).entries()) {
      all[page * PAGE_ROWS + index] = { id: rowId(row), row };
    }
  }
  return {
    ...{ rows: all, total: known.total, selectedIds: NONE, selectedRows: [] },
    ...{ toggle: () => undefined, selectAll: () => undefined },
  };
}
