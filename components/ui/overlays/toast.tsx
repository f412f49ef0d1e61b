'use client';
// Short notices in the corner: what was started, and what failed with its reasons.
// Call `showToast` from anywhere; `ToastArea` stands once in the layout.
import { useSyncExternalStore } from 'react';
import { toProblemError } from '#lib/client/problem-error.ts';
import type { Tone } from '../badge.tsx';
import { onDemand } from './on-demand.ts';

export interface Notice {
  id: string;
  tone: Exclude<Tone, 'idle'>;
  title: string;
  description?: string | undefined;
}

let count = 0;
/** Those that wait for the code that shows them. */
let waiting: readonly Notice[] = [];
const listeners = new Set<() => void>();
const notices = onDemand(() => import('./notices.tsx').then((file) => file.Notices));

/** Shows a notice; errors stay until they are closed. */
export function showToast(tone: Notice['tone'], title: string, description?: string): void {
  count += 1;
  setWaiting([...waiting, { id: `notice ${count}`, tone, title, description }]);
  notices.fetch();
}

/** Shows what was thrown, with each reason and its remedy. */
export function showFault(title: string, thrown: unknown): void {
  const { reasons } = toProblemError(thrown);
  const text = reasons.map(({ message, remedy }) => (remedy ? `${message} ${remedy}` : message));
  showToast('bad', title, text.join(' '));
}

export function ToastArea() {
  const shown = useSyncExternalStore(
    subscribe,
    () => waiting,
    () => waiting,
  );
  const Notices = notices.usePart();
  return Notices && <Notices fresh={shown} onTaken={takeWaiting} />;
}

function takeWaiting(taken: readonly Notice[]): void {
  setWaiting(waiting.filter((notice) => !taken.includes(notice)));
}

function setWaiting(next: readonly Notice[]): void {
  waiting = next;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
