'use client';
// The time of day for what is shown as an age, ticking for all of the page by one timer a second.
import { useSyncExternalStore } from 'react';
import type { Timer } from '#lib/base/clock.ts';
import { systemClock } from '#lib/base/system-clock.ts';

const listeners = new Set<() => void>();
let timer: Timer | null = null;
let now = systemClock.now();

function tick(): void {
  now = systemClock.now();
  timer = listeners.size > 0 ? systemClock.after(1000, tick) : null;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  if (!timer) {
    now = systemClock.now();
    timer = systemClock.after(1000, tick);
  }
  return () => listeners.delete(listener);
}

/**
 * Wall time in milliseconds; 0 while the page is rendered on the server, where no one's clock is
 * right.
 */
export function useNow(): number {
  return useSyncExternalStore(
    subscribe,
    () => now,
    () => 0,
  );
}
