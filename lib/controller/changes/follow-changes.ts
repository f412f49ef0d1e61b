// Follows the change log with a cursor: a notification wakes it, a poll every few seconds is the
// net below. The connection is its own (LISTEN needs one that lasts) and is opened again when it
// breaks.
import pg from 'pg';
import { backoffMs } from '../../base/backoff.ts';
import { type Clock, sleep } from '../../base/clock.ts';
import type { Json } from '../../base/json.ts';
import { CHANGES_CHANNEL } from './record-change.ts';

const POLL_MS = 5_000;
const BATCH = 500;
const RECONNECT = { firstMs: 100, maxMs: 5_000 };

export interface Change {
  version: bigint;
  object: string;
  path: string;
  value: Json;
}

export interface FollowOptions {
  databaseUrl: string;
  /** Changes after this version; `latest` begins with the next one that commits. */
  fromVersion: bigint | 'latest';
  /** Takes the changes in order, a batch at a time; the next batch waits for it. */
  onChanges: (changes: Change[]) => void | Promise<void>;
  /**
   * Called each time the follower stands at its cursor: when it began, and after a lost connection.
   */
  onConnected?: () => void;
  /** Takes the reason for which the connection was lost. */
  onLost?: (error: unknown) => void;
  clock: Clock;
  /** Ends the following; the promise resolves then. */
  signal: AbortSignal;
}

/** Runs until the signal aborts. */
export async function followChanges(options: FollowOptions): Promise<void> {
  const { clock, signal } = options;
  const cursor: Cursor = { version: options.fromVersion };
  for (let attempt = 0; !signal.aborted; attempt++) {
    try {
      await followOnce(options, cursor, () => {
        attempt = 0;
      });
    } catch (error) {
      options.onLost?.(error);
      await sleep(clock, backoffMs(RECONNECT, attempt), signal);
    }
  }
}

interface Cursor {
  version: bigint | 'latest';
}

async function followOnce(
  options: FollowOptions,
  cursor: Cursor,
  onReached: () => void,
): Promise<void> {
  const { clock, signal } = options;
  const client = new pg.Client({ connectionString: options.databaseUrl });
  const wake = new Wake();
  let lost: Error | null = null;
  client.on('notification', () => wake.set());
  client.on('error', (error) => {
    lost = error;
    wake.set();
  });
  signal.addEventListener('abort', wake.set, { once: true });
  try {
    await client.connect();
    await client.query(`LISTEN ${CHANGES_CHANNEL}`);
    if (cursor.version === 'latest') cursor.version = await readLatest(client);
    options.onConnected?.();
    onReached();
    while (!signal.aborted) {
      if (lost) throw lost;
      const changes = await readAfter(client, cursor.version);
      const last = changes.at(-1);
      if (last) {
        await options.onChanges(changes);
        cursor.version = last.version;
      }
      if (changes.length < BATCH) await wake.wait(clock, POLL_MS);
    }
  } finally {
    signal.removeEventListener('abort', wake.set);
    // Ending a connection that broke may fail again; there is nothing left to lose.
    await client.end().catch(() => undefined);
  }
}

/** A flag that can be awaited: set while nobody waits, it ends the next wait at once. */
class Wake {
  #isSet = false;
  #resolve: (() => void) | null = null;

  readonly set = (): void => {
    this.#isSet = true;
    this.#resolve?.();
  };

  async wait(clock: Clock, milliseconds: number): Promise<void> {
    if (!this.#isSet) {
      await new Promise<void>((resolve) => {
        const timer = clock.after(milliseconds, resolve);
        this.#resolve = () => {
          timer.cancel();
          resolve();
        };
      });
    }
    this.#isSet = false;
    this.#resolve = null;
  }
}

async function readLatest(client: pg.Client): Promise<bigint> {
  const found = await client.query<{ version: string | null }>(
    'SELECT max("version")::text AS version FROM "Change"',
  );
  return BigInt(found.rows[0]?.version ?? '0');
}

async function readAfter(client: pg.Client, version: bigint): Promise<Change[]> {
  const found = await client.query<{ text: string; object: string; path: string; value: Json }>(
    `SELECT "version"::text AS text, "object", "path", "value" FROM "Change"
     WHERE "version" > $1::bigint ORDER BY "version" LIMIT ${BATCH}`,
    [version.toString()],
  );
  return found.rows.map(({ text, ...row }) => ({ ...row, version: BigInt(text) }));
}
