// What the browser gives to the change stream: its event source, web locks and broadcast channel.
import type { Clock } from '../base/clock.ts';
import { API_BASE } from './call.ts';
import { seenVersion } from './seen-version.ts';
import type { Channel, StreamEnvironment, TabMessage } from './stream-parts.ts';

const NAME = 'sluice-changes';

export function browserEnvironment(clock: Clock): StreamEnvironment {
  // Locks are missing where the page came over plain HTTP from another machine, whatever the types
  // say.
  const hasLocks = 'locks' in navigator;
  return {
    clock,
    seen: seenVersion,
    openEventSource(after) {
      const query = after === null ? '' : `?after=${after}`;
      return new EventSource(`${API_BASE}/changes${query}`);
    },
    openChannel: hasLocks ? openBroadcast : openNothing,
    whileLeader: hasLocks ? whileLocked : whileVisible,
  };
}

function openBroadcast(onMessage: (message: TabMessage) => void): Channel {
  const channel = new BroadcastChannel(NAME);
  channel.onmessage = (event: MessageEvent<TabMessage>) => onMessage(event.data);
  return { post: (message) => channel.postMessage(message), close: () => channel.close() };
}

function openNothing(): Channel {
  return { post: () => undefined, close: () => undefined };
}

type Work = (signal: AbortSignal) => Promise<void>;

async function whileLocked(work: Work, signal: AbortSignal): Promise<void> {
  try {
    await navigator.locks.request(NAME, { signal }, () => work(signal));
  } catch (error) {
    // Aborted while it waited for the lock: this tab is closing its stream and never led.
    if (!signal.aborted) throw error;
  }
}

/**
 * One stream for each visible tab: hidden ones give theirs up, because a browser has only six
 * connections.
 */
async function whileVisible(work: Work, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await visibility('visible', signal);
    if (signal.aborted) return;
    const hidden = new AbortController();
    const either = AbortSignal.any([signal, hidden.signal]);
    void visibility('hidden', either).then(() => hidden.abort());
    await work(either);
  }
}

function visibility(wanted: DocumentVisibilityState, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    document.addEventListener('visibilitychange', check);
    signal.addEventListener('abort', finish, { once: true });
    check();
    function check(): void {
      if (document.visibilityState === wanted || signal.aborted) finish();
    }
    function finish(): void {
      document.removeEventListener('visibilitychange', check);
      signal.removeEventListener('abort', finish);
      resolve();
    }
  });
}
