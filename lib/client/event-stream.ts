// The leading tab's connection to the server: reads the event stream, notices when it falls silent,
// opens it again.
import { backoffMs } from '../base/backoff.ts';
import { sleep, type Timer } from '../base/clock.ts';
import { CHANGE_EVENTS, HEARTBEAT_MS } from '../wire/api/change-stream.ts';
import { fieldOf } from './json-field.ts';
import type { ObjectChange } from './query-keys.ts';
import type { StreamEnvironment, TabMessage } from './stream-parts.ts';

/** Silence for so long means that the stream is dead, in milliseconds. */
const SILENCE_MS = 2.5 * HEARTBEAT_MS;
const REOPEN = { firstMs: 500, maxMs: 10_000 };

export interface ReadOptions {
  environment: StreamEnvironment;
  signal: AbortSignal;
  onMessage: (message: TabMessage) => void;
}

/** Reads, and opens again with growing pauses, until the signal aborts. */
export async function readEventStream(options: ReadOptions): Promise<void> {
  const { environment, signal, onMessage } = options;
  for (let attempt = 0; !signal.aborted; attempt++) {
    const wasOpen = await readOnce(options);
    if (signal.aborted) return;
    if (wasOpen) attempt = 0;
    onMessage({ kind: 'state', state: 'stale' });
    // The stream says nothing about why it ended; a session that ended is found out by asking for
    // it.
    onMessage({ kind: 'sessionEnded' });
    await sleep(environment.clock, backoffMs(REOPEN, attempt), signal);
  }
}

/**
 * Resolves when the connection failed, fell silent or the signal aborted; true when it had opened.
 */
function readOnce({ environment, signal, onMessage }: ReadOptions): Promise<boolean> {
  return new Promise((resolve) => {
    const { clock, seen } = environment;
    const after = seen.version;
    const source = environment.openEventSource(after);
    let wasOpen = false;
    let silence: Timer = clock.after(SILENCE_MS, end);
    signal.addEventListener('abort', end, { once: true });
    source.onerror = end;
    source.onopen = () => {
      wasOpen = true;
      heard();
      onMessage({ kind: 'state', state: 'live' });
      // Without a version to begin from, what was read before this moment may be old.
      if (after === null) onMessage({ kind: 'reset' });
    };
    source.addEventListener(CHANGE_EVENTS.heartbeat, heard);
    source.addEventListener(CHANGE_EVENTS.reset, () => onMessage({ kind: 'reset' }));
    source.addEventListener(CHANGE_EVENTS.changes, (event) => {
      heard();
      const changes = changesOf(JSON.parse(event.data));
      // Changes that are not understood may be of anything.
      if (changes === null) onMessage({ kind: 'reset' });
      else onMessage({ kind: 'changes', version: event.lastEventId, changes });
    });

    function heard(): void {
      silence.cancel();
      silence = clock.after(SILENCE_MS, end);
    }

    function end(): void {
      silence.cancel();
      signal.removeEventListener('abort', end);
      source.close();
      resolve(wasOpen);
    }
  });
}

/** The changes of a ChangeMessage; null for anything else. */
function changesOf(message: unknown): ObjectChange[] | null {
  const changes = fieldOf(message, 'changes');
  return Array.isArray(changes) && changes.every(isChange) ? changes : null;
}

function isChange(value: unknown): value is ObjectChange {
  return typeof fieldOf(value, 'object') === 'string' && typeof fieldOf(value, 'path') === 'string';
}
