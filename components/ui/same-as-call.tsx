'use client';
// The same step as a call to the REST API, ready to be pasted into a shell or a script.
// Props: `call` {method, path below /api/v1, body}; the token is left as $TOKEN.
import { useSyncExternalStore } from 'react';
import type { Json } from '#lib/base/json.ts';
import { CopyText } from './copy-text.tsx';

export interface ApiCall {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below /api/v1, with its parameters filled in: /vms/vm-12/migrate. */
  path: string;
  body?: Json;
}

export function SameAsCall({ call }: { call: ApiCall }) {
  const origin = useSyncExternalStore(noChanges, readOrigin, () => '');
  return (
    <details className="group">
      <summary className="cursor-pointer text-accent select-none">The same as a call</summary>
      <div className="mt-2">
        <CopyText block label="call" text={curlOf(call, origin)} />
      </div>
    </details>
  );
}

/** Bodies stand in single quotes, as every POSIX shell takes them. */
export function curlOf({ method, path, body }: ApiCall, origin: string): string {
  const lines = [
    `curl -X ${method} '${origin}/api/v1${path}'`,
    `-H "Authorization: Bearer $TOKEN"`,
  ];
  if (body !== undefined) {
    lines.push(`-H 'Content-Type: application/json'`);
    lines.push(`-d '${JSON.stringify(body).replaceAll("'", `'\\''`)}'`);
  }
  return lines.join(' \\\n  ');
}

function noChanges(): () => void {
  return () => undefined;
}

function readOrigin(): string {
  return window.location.origin;
}
