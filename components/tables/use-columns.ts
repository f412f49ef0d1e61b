'use client';
// Which columns of a table are shown: the table's own choice until someone chooses, then kept in
// this browser.
import { useCallback, useMemo, useSyncExternalStore } from 'react';
import type { TableColumn } from './table-column.ts';

const listeners = new Set<() => void>();

export interface ColumnChoice<Row> {
  shown: readonly TableColumn<Row>[];
  isShown: (columnId: string) => boolean;
  toggle: (columnId: string) => void;
}

export function useColumns<Row>(
  id: string,
  columns: readonly TableColumn<Row>[],
): ColumnChoice<Row> {
  const key = `sluice.columns.${id}`;
  const text = useSyncExternalStore(
    subscribe,
    () => localStorage.getItem(key) ?? '',
    () => '',
  );
  const choice = useMemo(() => readChoice(text), [text]);
  const isShown = useCallback(
    (columnId: string) =>
      choice[columnId] ?? !columns.find((column) => column.id === columnId)?.hidden,
    [choice, columns],
  );
  const toggle = useCallback(
    (columnId: string) => {
      localStorage.setItem(key, JSON.stringify({ ...choice, [columnId]: !isShown(columnId) }));
      for (const listener of listeners) listener();
    },
    [key, choice, isShown],
  );
  const shown = useMemo(
    // The first column names the row: it stays.
    () => columns.filter((column, index) => index === 0 || isShown(column.id)),
    [columns, isShown],
  );
  return { shown, isShown, toggle };
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  window.addEventListener('storage', listener);
  return () => {
    listeners.delete(listener);
    window.removeEventListener('storage', listener);
  };
}

/** What is kept may be of an older version, or edited by hand: then there was no choice. */
function readChoice(text: string): Record<string, boolean> {
  if (text === '') return {};
  try {
    const kept: unknown = JSON.parse(text);
    return Object.fromEntries(
      Object.entries(kept ?? {}).map(([id, shown]) => [id, shown === true]),
    );
  } catch {
    // Not ours to mend; the next choice overwrites it.
    return {};
  }
}
