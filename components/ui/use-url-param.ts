'use client';
// State that belongs into the URL: tab, filter, sort, selection, panel. Reading follows Back and
// links; writing is shallow (no request to the server), replacing the entry or pushing a new one.
import { useSearchParams } from 'next/navigation';
import { useCallback, useState } from 'react';

export type UrlWrite = 'push' | 'replace';

/**
 * The parameter's value, or the given default; writing the default takes the parameter out of the
 * URL.
 */
export function useUrlParam(
  name: string,
  otherwise: string,
): [string, (value: string, how?: UrlWrite) => void] {
  const url = useSearchParams().get(name) ?? otherwise;
  // The router tells of a new URL when it has time: until then what was written is shown, so that
  // a click answers at once. As soon as the URL moves, it alone counts.
  const [written, setWritten] = useState<{ value: string; before: string } | null>(null);
  if (written && written.before !== url) setWritten(null);
  const write = useCallback(
    (next: string, how: UrlWrite = 'replace') => {
      setWritten(next === url ? null : { value: next, before: url });
      writeUrlParams({ [name]: next === otherwise ? null : next }, how);
    },
    [name, otherwise, url],
  );
  return [written && written.before === url ? written.value : url, write];
}

/** Sets and removes (null) parameters of the present URL. */
export function writeUrlParams(changes: Record<string, string | null>, how: UrlWrite): void {
  const url = new URL(window.location.href);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) url.searchParams.delete(name);
    else url.searchParams.set(name, value);
  }
  if (url.href === window.location.href) return;
  if (how === 'push') window.history.pushState(null, '', url);
  else window.history.replaceState(null, '', url);
}
