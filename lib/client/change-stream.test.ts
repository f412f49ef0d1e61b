// Two tabs of one browser: one event stream between them, taken over when its tab closes, opened
// again when it dies.
import { beforeEach, expect, it } from 'vitest';
import type { Clock } from '../base/clock.ts';
import { followStream } from './change-stream.ts';
import { isAffected, type ObjectChange, type QueryKey, queryKey } from './query-keys.ts';
import { SeenVersion } from './seen-version.ts';
import type { EventStream, StreamEnvironment, TabMessage } from './stream-parts.ts';

/** A browser with a clock that is moved by hand. */
class Browser {
  readonly opened: PlayedSource[] = [];
  readonly tabs = new Set<(message: TabMessage) => void>();
  readonly #timers = new Set<{ at: number; callback: () => void }>();
  #lock: Promise<void> = Promise.resolve();
  #now = 0;

  readonly clock: Clock = {
    now: () => this.#now,
    monotonic: () => this.#now,
    after: (milliseconds, callback) => {
      const timer = { at: this.#now + milliseconds, callback };
      this.#timers.add(timer);
      return { cancel: () => this.#timers.delete(timer) };
    },
  };

  async advance(milliseconds: number): Promise<void> {
    this.#now += milliseconds;
    for (const timer of [...this.#timers]) {
      if (timer.at > this.#now || !this.#timers.delete(timer)) continue;
      timer.callback();
    }
    await settle();
  }

  environment(seen = new SeenVersion()): StreamEnvironment {
    return {
      ...{ clock: this.clock, seen },
      openEventSource: (after) => {
        const source = new PlayedSource(after);
        this.opened.push(source);
        return source;
      },
      openChannel: (onMessage) => {
        this.tabs.add(onMessage);
        return {
          post: (message) => {
            for (const tab of this.tabs) if (tab !== onMessage) tab(message);
          },
          close: () => this.tabs.delete(onMessage),
        };
      },
      whileLeader: (work, signal) => {
        const turn = this.#lock.then(() => (signal.aborted ? undefined : work(signal)));
        this.#lock = turn;
        return turn;
      },
    };
  }
}

class PlayedSource implements EventStream {
  onopen: ((event: Event) => void) | null = null;
  onerror: ((event: Event) => void) | null = null;
  isClosed = false;
  readonly after: string | null;
  readonly #listeners = new Map<string, (event: MessageEvent<string>) => void>();

  constructor(after: string | null) {
    this.after = after;
  }

  addEventListener(type: string, listener: (event: MessageEvent<string>) => void): void {
    this.#listeners.set(type, listener);
  }

  close(): void {
    this.isClosed = true;
  }

  change(version: string, object: string): void {
    const data = JSON.stringify({ changes: [{ object, path: 'state' }] });
    this.emit('changes', new MessageEvent('changes', { data, lastEventId: version }));
  }

  emit(type: string, event: MessageEvent<string>): void {
    this.#listeners.get(type)?.(event);
  }
}

class Tab {
  readonly changed: string[] = [];
  readonly states: string[] = [];
  resets = 0;
  sessionChecks = 0;
  readonly #stop = new AbortController();

  constructor(browser: Browser, seen?: SeenVersion) {
    const listener = {
      onChanges: (changes: readonly ObjectChange[]) =>
        void this.changed.push(...changes.map(({ object }) => object)),
      onReset: () => void this.resets++,
      onState: (state: string) => void this.states.push(state),
      onSessionEnded: () => void this.sessionChecks++,
    };
    void followStream(browser.environment(seen), listener, this.#stop.signal);
  }

  close(): void {
    this.#stop.abort();
  }
}

/** Lets promises that are ready run. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
}

let browser: Browser;
beforeEach(() => {
  browser = new Browser();
});

it('shares one stream between tabs, and hands it on when its tab closes', async () => {
  const seen = new SeenVersion();
  seen.noteAnswer('41');
  const first = new Tab(browser, seen);
  await settle();
  const second = new Tab(browser);
  await settle();
  expect(browser.opened.map(({ after }) => after)).toEqual(['41']);
  const [stream] = browser.opened;
  stream?.onopen?.(new Event('open'));
  stream?.change('42', 'vm-1');
  expect([first.changed, second.changed]).toEqual([['vm-1'], ['vm-1']]);
  expect([first.states.at(-1), second.states.at(-1)]).toEqual(['live', 'live']);
  expect(first.resets).toBe(0);
  first.close();
  await settle();
  expect(stream?.isClosed).toBe(true);
  expect(browser.opened.map(({ after }) => after)).toEqual(['41', '42']);
});

it('tells a tab that comes later how the stream is', async () => {
  const first = new Tab(browser);
  await settle();
  browser.opened[0]?.onopen?.(new Event('open'));
  const second = new Tab(browser);
  await settle();
  expect(second.states).toEqual(['live']);
  expect(first.resets).toBe(1);
});

it('says that it is stale when the stream fails or falls silent, and opens it again', async () => {
  const tab = new Tab(browser);
  await settle();
  browser.opened[0]?.onopen?.(new Event('open'));
  browser.opened[0]?.change('7', 'host-1');
  browser.opened[0]?.onerror?.(new Event('error'));
  await settle();
  expect(tab.states).toEqual(['live', 'stale']);
  expect(tab.sessionChecks).toBe(1);
  await browser.advance(1_000);
  expect(browser.opened[1]?.after).toBe('7');
  browser.opened[1]?.onopen?.(new Event('open'));
  await browser.advance(30_000);
  browser.opened[1]?.emit('heartbeat', new MessageEvent('heartbeat', { data: '{}' }));
  await browser.advance(30_000);
  expect(tab.states.at(-1)).toBe('live');
  await browser.advance(10_000);
  expect(tab.states.at(-1)).toBe('stale');
  expect(browser.opened[1]?.isClosed).toBe(true);
});

it('knows which answers a change makes old', () => {
  const vm = queryKey('readVm', { params: { id: 'vm-1' } });
  const host = queryKey('readHost', { params: { id: 'host-1' } });
  const after = (key: QueryKey, ...objects: string[]): boolean =>
    isAffected(
      key,
      objects.map((object) => ({ object, path: 'state' })),
    );
  expect(after(vm, 'vm-1')).toBe(true);
  expect(after(vm, 'vm-2', 'task-4', 'samples', 'nonsense')).toBe(false);
  // The page of a host lists its VMs, and a VM does not say here on which host it is.
  expect(after(host, 'vm-2')).toBe(true);
  expect(after(host, 'host-2')).toBe(false);
  expect(after(queryKey('listEvents'), 'events')).toBe(true);
  expect(after(queryKey('listOnlineDepots'), 'task-4')).toBe(true);
  const moved = [{ object: 'vm-1', path: 'cpuUsage' }];
  expect(isAffected(queryKey('listVms'), moved)).toBe(true);
  expect(isAffected(queryKey('readInventory'), moved)).toBe(false);
});
