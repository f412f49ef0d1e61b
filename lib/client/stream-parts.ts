// The parts that the change stream is put together from: messages between tabs, and what the
// browser gives.
import type { Clock } from '../base/clock.ts';
import type { ObjectChange } from './query-keys.ts';
import type { SeenVersion } from './seen-version.ts';

export type StreamState = 'connecting' | 'live' | 'stale';

/** What the tabs tell one another. */
export type TabMessage =
  | { kind: 'changes'; version: string; changes: ObjectChange[] }
  | { kind: 'state'; state: StreamState }
  | { kind: 'reset' }
  | { kind: 'sessionEnded' }
  | { kind: 'hello' };

export interface Channel {
  post(message: TabMessage): void;
  close(): void;
}

/** The part of EventSource that is used. */
export interface EventStream {
  addEventListener(type: string, listener: (event: MessageEvent<string>) => void): void;
  onopen: ((event: Event) => void) | null;
  onerror: ((event: Event) => void) | null;
  close(): void;
}

/** What the browser gives; tests give their own. */
export interface StreamEnvironment {
  clock: Clock;
  seen: SeenVersion;
  openEventSource(after: string | null): EventStream;
  openChannel(onMessage: (message: TabMessage) => void): Channel;
  /** Runs the work while this tab is the leader, until the signal aborts. */
  whileLeader(work: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void>;
}
