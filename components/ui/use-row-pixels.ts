'use client';
// How high a row is, in pixels, for lists that place their rows themselves: 28 compact, 36
// comfortable.
import { useSyncExternalStore } from 'react';

export const ROW_PIXELS = { compact: 28, comfortable: 36, header: 30 } as const;

export function useRowPixels(): number {
  return useSyncExternalStore(
    subscribe,
    () =>
      document.documentElement.dataset.density === 'comfortable'
        ? ROW_PIXELS.comfortable
        : ROW_PIXELS.compact,
    () => ROW_PIXELS.compact,
  );
}

function subscribe(listener: () => void): () => void {
  const observer = new MutationObserver(listener);
  observer.observe(document.documentElement, { attributeFilter: ['data-density'] });
  return () => observer.disconnect();
}
