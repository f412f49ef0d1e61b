'use client';
// Settings of one browser (pane sizes, what is folded, the theme): kept in localStorage, shared by
// all of the page.
import { useCallback, useSyncExternalStore } from 'react';

const listeners = new Set<() => void>();

/**
 * The text kept under `sluice.<name>`, or the given default; the setter tells every reader on the
 * page.
 */
export function useStored(name: string, otherwise: string): [string, (value: string) => void] {
  const key = `sluice.${name}`;
  const value = useSyncExternalStore(
    subscribe,
    () => localStorage.getItem(key) ?? otherwise,
    () => otherwise,
  );
  const write = useCallback((next: string) => writeStored(name, next), [name]);
  return [value, write];
}

export function useStoredNumber(
  name: string,
  otherwise: number,
): [number, (value: number) => void] {
  const [text, write] = useStored(name, String(otherwise));
  const number = Number(text);
  const writeNumber = useCallback((next: number) => write(String(Math.round(next))), [write]);
  return [Number.isFinite(number) ? number : otherwise, writeNumber];
}

export function useStoredFlag(name: string, otherwise: boolean): [boolean, (on: boolean) => void] {
  const [text, write] = useStored(name, otherwise ? 'yes' : 'no');
  const writeFlag = useCallback((on: boolean) => write(on ? 'yes' : 'no'), [write]);
  return [text === 'yes', writeFlag];
}

export function writeStored(name: string, value: string): void {
  localStorage.setItem(`sluice.${name}`, value);
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  window.addEventListener('storage', listener);
  return () => {
    listeners.delete(listener);
    window.removeEventListener('storage', listener);
  };
}
