// Ties the change stream to the cache of answers: what changed is read again, in batches, where it
// is on screen.
import { type QueryClient, useQueryClient } from '@tanstack/react-query';
import { useEffect, useSyncExternalStore } from 'react';
import { type Clock, sleep } from '../base/clock.ts';
import { browserEnvironment } from './browser-environment.ts';
import { followStream, type StreamListener } from './change-stream.ts';
import { isAffected, type ObjectChange, type QueryKey, queryKey } from './query-keys.ts';
import type { StreamState } from './stream-parts.ts';

/** Changes that come within so many milliseconds are read together. */
const BATCH_MS = 80;
/**
 * The next batch waits for the answers of the last one, but no longer than this, in milliseconds.
 */
const BATCH_TIMEOUT_MS = 3_000;

let streamState: StreamState = 'connecting';
const stateListeners = new Set<() => void>();

/** Whether what is on screen is kept up to date: `stale` asks for a notice. */
export function useStreamState(): StreamState {
  return useSyncExternalStore(subscribe, readState, () => 'connecting');
}

/** Follows the stream while `enabled`. Called once, near the root of the page. */
export function useChangeStream(clock: Clock, enabled: boolean): void {
  const client = useQueryClient();
  useEffect(() => {
    if (!enabled) return;
    const stop = new AbortController();
    void followStream(browserEnvironment(clock), listenerOf(client, clock), stop.signal);
    return () => {
      stop.abort();
      setState('connecting');
    };
  }, [client, clock, enabled]);
}

function listenerOf(client: QueryClient, clock: Clock): StreamListener {
  let pending: ObjectChange[] = [];
  let isReading = false;
  return {
    onChanges(changes) {
      pending.push(...changes);
      if (!isReading) void readPending();
    },
    onReset: () => void client.invalidateQueries(),
    onState: setState,
    onSessionEnded: () => void client.invalidateQueries({ queryKey: queryKey('readSession') }),
  };

  // One batch after the other: a refetch that is under way is never cut short by the next change,
  // or a busy inventory would keep a slow answer from ever arriving.
  async function readPending(): Promise<void> {
    isReading = true;
    while (pending.length > 0) {
      await sleep(clock, BATCH_MS);
      const changed = pending;
      pending = [];
      const reading = client.invalidateQueries({
        predicate: ({ queryKey: key }) => isQueryKey(key) && isAffected(key, changed),
      });
      await Promise.race([reading, sleep(clock, BATCH_TIMEOUT_MS)]);
    }
    isReading = false;
  }
}

function isQueryKey(key: readonly unknown[]): key is QueryKey {
  return key.length === 3 && typeof key[0] === 'string';
}

function subscribe(listener: () => void): () => void {
  stateListeners.add(listener);
  return () => stateListeners.delete(listener);
}

function readState(): StreamState {
  return streamState;
}

function setState(state: StreamState): void {
  if (state === streamState) return;
  streamState = state;
  for (const listener of stateListeners) listener();
}
