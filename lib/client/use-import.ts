// Sends the files of an import one after the other, with how far they are, and asks whether what
// was found can be imported somewhere.
import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import type { Verdict } from '../model/verdict.ts';
import type { ImportView, ServerFiles } from '../wire/api/imports.ts';
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
  /** The file of the server that is read now. */
  reading: string | null;
  error: Error | null;
  send(files: readonly File[]): Promise<void>;
  /** Takes a file of the server, then those of its folder that it needs. */
  read(path: string, listed: ServerFiles['files']): Promise<void>;
  /** It is the task's now: leaving does not discard it. */
  keep(): void;
}

/** Discards what was sent when the page leaves it, unless it was kept. */
export function useImportUpload(): ImportUpload {
  const [found, setFound] = useState<ImportView | null>(null);
  const [percent, setPercent] = useState<number | null>(null);
  const [reading, setReading] = useState<string | null>(null);
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
  const read = async (path: string, listed: ServerFiles['files']) => {
    const { signal } = leaving.current;
    setError(null);
    try {
      const waiting = [path, ...manifestOf(path, listed)];
      for (let next = waiting.shift(); next !== undefined && !signal.aborted; ) {
        setReading(next);
        const view = await readOnServer(staged.current, next, signal);
        staged.current = view.id;
        setFound(view);
        next = waiting.shift() ?? companionOf(path, view, listed);
      }
    } catch (thrown) {
      if (!signal.aborted) setError(toProblemError(thrown));
    } finally {
      setReading(null);
    }
  };
  const keep = () => {
    staged.current = null;
  };
  return { found, percent, reading, error, send, read, keep };
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

/** A manifest beside an .ovf: no other file names it. */
function manifestOf(path: string, listed: ServerFiles['files']): string[] {
  if (!/\.ovf$/i.test(path)) return [];
  const wanted = path.replace(/\.ovf$/i, '.mf').toLowerCase();
  return listed.map((one) => one.path).filter((one) => one.toLowerCase() === wanted);
}

/** The next file that is missing and lies beside the first. */
function companionOf(
  path: string,
  { missing }: ImportView,
  listed: ServerFiles['files'],
): string | undefined {
  const folder = path.slice(0, path.lastIndexOf('/') + 1);
  const beside = new Set(listed.map((one) => one.path));
  return missing.map((name) => `${folder}${name}`).find((place) => beside.has(place));
}

function readOnServer(id: string | null, path: string, signal: AbortSignal): Promise<ImportView> {
  const body = { path };
  if (id === null) return call('startServerImport', { body, signal });
  return call('addServerFile', { params: { id }, body, signal });
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
