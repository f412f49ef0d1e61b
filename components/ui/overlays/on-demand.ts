// Code that is fetched when it is first wanted: menus, popups and hints cost a page nothing until
// somebody opens one.
import { useSyncExternalStore } from 'react';

export interface OnDemand<Part> {
  /** Begins to fetch the code, once. */
  fetch: () => void;
  /** Null until it is there. */
  usePart: () => Part | null;
}

export function onDemand<Part>(load: () => Promise<Part>): OnDemand<Part> {
  let part: Part | null = null;
  let isLoading = false;
  const listeners = new Set<() => void>();
  const fetch = async (): Promise<void> => {
    if (part !== null || isLoading) return;
    isLoading = true;
    try {
      part = await load();
      for (const listener of listeners) listener();
    } catch {
      // The server is away, which the notice below the header says; the next time asks again.
    } finally {
      isLoading = false;
    }
  };
  const subscribe = (listener: () => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };
  return {
    fetch: () => void fetch(),
    usePart: () =>
      useSyncExternalStore(
        subscribe,
        () => part,
        () => null,
      ),
  };
}
