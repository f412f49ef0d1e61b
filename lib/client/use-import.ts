// Sends the files of an import one after the other, with how far they are, and asks whether what
// was found can be imported somewhere.
import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import type { Verdict } from '../model/verdict.ts';
import type { ImportView } from '../wire/api/imports.ts';
import { type CallOptions, call, callRoute, type LooseOptions, urlOf } from './call.ts';
import { problemOf, toProblemError, unreachableServer } from './problem-error.ts';
import { queryKey } from './query-keys.ts';
import { addressOf } from './route-addresses.ts';

/** Descriptors first: they say what the others are. */
const DESCRIPTORS = /\.(?:ovf|vmx)$/i;

export interface ImportUpload {
  /** What was found so far. */
  found: ImportView | null;
  /** 0 to 100 while files are sent; null when none are. */
  percent: number | null;
  error: Error | null;
  send(files: readonly File[]): Promise<void>;
  /** It is the task's now: leaving does not discard it. */
  keep(): void;
}

/** Discards what was sent when the page leaves it, unless it was kept. */
export function useImportUpload(): ImportUpload {
  const [found, setFound] = useState<ImportView | null>(null);
  const [percent, setPercent] = useState<number | null>(null);
  const [error, setError] = useState<Error | null>(null);
  const staged = useRef<string | null>(null);
  const leaving = useRef(new AbortController());
  useEffect(() => {
    const leave = new AbortController();
    leaving.current = leave;
    return () => {
      leave.abort();
      const id = staged.current;
      // What is not discarded now is swept away within a day.
      if (id !== null) void call('discardImport', { params: { id } }).catch(() => undefined);
    };
  }, []);
  const send = async (files: readonly File[]) => {
    const { signal } = leaving.current;
    const total = files.reduce((sum, { size }) => sum + size, 0);
    let before = 0;
    setError(null);
    setPercent(0);
    try {
      for (const file of [...files].sort(descriptorsFirst)) {
        const onSent = (bytes: number) => setPercent((100 * (before + bytes)) / (total || 1));
        const view = await sendFile(staged.current, file, { signal, onSent });
        staged.current = view.id;
        setFound(view);
        before += file.size;
      }
    } catch (thrown) {
      if (!signal.aborted) setError(toProblemError(thrown));
    } finally {
      setPercent(null);
    }
  };
  const keep = () => {
    staged.current = null;
  };
  return { found, percent, error, send, keep };
}

/** Null asks nothing yet. */
export function useImportCheck(id: string | null, body: CallOptions<'checkImport'>['body'] | null) {
  const params = { id: id ?? '' };
  return useQuery<Verdict, Error>({
    queryKey: queryKey('checkImport', { params, query: { body: JSON.stringify(body) } }),
    queryFn: ({ signal }) => callRoute('checkImport', { params, body, signal }),
    enabled: id !== null && body !== null,
    placeholderData: (before) => before,
  });
}

function descriptorsFirst(a: File, b: File): number {
  return Number(DESCRIPTORS.test(b.name)) - Number(DESCRIPTORS.test(a.name));
}

interface Sending {
  signal: AbortSignal;
  onSent: (bytes: number) => void;
}

/** By XMLHttpRequest, because `fetch` does not say how much of a body it has sent. */
function sendFile(id: string | null, file: File, { signal, onSent }: Sending): Promise<ImportView> {
  const options: LooseOptions = { query: { fileName: file.name }, ...(id && { params: { id } }) };
  const route = addressOf(id === null ? 'startImport' : 'addImportFile');
  const request = new XMLHttpRequest();
  return new Promise((resolve, reject) => {
    request.open(route.method, urlOf(route, options));
    request.setRequestHeader('Accept', 'application/json');
    request.setRequestHeader('Content-Type', 'application/octet-stream');
    request.upload.addEventListener('progress', ({ loaded }) => onSent(loaded));
    request.addEventListener('load', () => {
      if (request.status === 200) return resolve(JSON.parse(request.responseText));
      const { status, responseText } = request;
      problemOf(new Response(responseText, { status })).then(reject, reject);
    });
    request.addEventListener('error', () => reject(unreachableServer(new Error('network'))));
    request.addEventListener('abort', () => reject(new Error('aborted')));
    signal.addEventListener('abort', () => request.abort(), { once: true });
    request.send(file);
  });
}
