'use client';
// A table's search and sort order, kept in the URL (`?vms-q=web&vms-sort=-cpu`): typed text at
// once in the table, in the URL a moment later.
import { useSearchParams } from 'next/navigation';
import { useCallback, useEffect, useMemo, useState } from 'react';
import { useUrlParam, writeUrlParams } from '#components/ui/use-url-param.ts';
import { systemClock } from '#lib/base/system-clock.ts';

/** Browsers refuse more than about two hundred history writes in half a minute. */
const URL_WRITE_DELAY_MS = 300;

export interface TableSort {
  column: string;
  descending: boolean;
}

export interface TableUrl {
  query: string;
  setQuery: (text: string) => void;
  sort: TableSort | null;
  setSort: (sort: TableSort | null) => void;
}

export function useTableUrl(id: string, defaultSort: TableSort | null): TableUrl {
  const search = useSearchParams();
  const urlQuery = search.get(`${id}-q`) ?? '';
  const [sortText, setSortText] = useUrlParam(`${id}-sort`, '');
  const sort = useMemo(() => readSort(sortText) ?? defaultSort, [sortText, defaultSort]);
  const [query, setQuery] = useState(urlQuery);
  const [seen, setSeen] = useState(urlQuery);
  const [written, setWritten] = useState(urlQuery);
  if (seen !== urlQuery) {
    setSeen(urlQuery);
    // Back, or a link to the same page: the URL changed by another hand than this table's.
    if (urlQuery !== written) setQuery(urlQuery);
  }
  useEffect(() => {
    if (query === urlQuery) return;
    const timer = systemClock.after(URL_WRITE_DELAY_MS, () => {
      setWritten(query);
      writeUrlParams({ [`${id}-q`]: query === '' ? null : query }, 'replace');
    });
    return () => timer.cancel();
  }, [query, urlQuery, id]);
  const setSort = useCallback(
    (next: TableSort | null) => setSortText(writeSort(next)),
    [setSortText],
  );
  return { query, setQuery, sort, setSort };
}

function readSort(text: string): TableSort | null {
  if (text === '') return null;
  const descending = text.startsWith('-');
  return { column: descending ? text.slice(1) : text, descending };
}

function writeSort(sort: TableSort | null): string {
  return sort ? `${sort.descending ? '-' : ''}${sort.column}` : '';
}
