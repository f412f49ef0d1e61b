// Of several controllers one leads: it alone follows the hosts, samples and runs DRS. It holds a
// lock of a database session of its own; when it dies, or loses that connection, the lock is free
// and another leads.
import pg from 'pg';
import { type Clock, sleep } from '../base/clock.ts';

/** Key of the advisory lock. */
const LEADER_LOCK = 7_318_002;
const RETRY_MS = 2_000;
const CHECK_MS = 5_000;

export interface LeaderOptions {
  databaseUrl: string;
  clock: Clock;
  signal: AbortSignal;
  /** Runs while this process leads; the signal aborts when it must not any more. */
  lead: (signal: AbortSignal) => Promise<void>;
  onError: (error: unknown) => void;
}

/** Waits for the lock, leads, and begins again when it was lost, until the signal aborts. */
export async function leadWhenPossible(options: LeaderOptions): Promise<void> {
  const { clock, signal, onError } = options;
  while (!signal.aborted) {
    try {
      await tryToLead(options);
    } catch (error) {
      onError(error);
    }
    await sleep(clock, RETRY_MS, signal);
  }
}

async function tryToLead({ databaseUrl, clock, signal, lead }: LeaderOptions): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  const stop = new AbortController();
  const end = () => stop.abort();
  client.on('error', end);
  signal.addEventListener('abort', end);
  try {
    await client.connect();
    const answer = await client.query<{ held: boolean }>(
      'SELECT pg_try_advisory_lock($1::bigint) AS held',
      [LEADER_LOCK],
    );
    if (answer.rows[0]?.held !== true) return;
    const checking = keepChecking(client, clock, stop);
    try {
      await lead(stop.signal);
    } finally {
      stop.abort();
      await checking;
    }
  } finally {
    signal.removeEventListener('abort', end);
    // The connection may be what failed.
    await client.end().catch(() => undefined);
  }
}

/** A connection that died without a word shows when it is used. */
async function keepChecking(client: pg.Client, clock: Clock, stop: AbortController): Promise<void> {
  while (!stop.signal.aborted) {
    await sleep(clock, CHECK_MS, stop.signal);
    try {
      if (!stop.signal.aborted) await client.query('SELECT 1');
    } catch {
      // Whoever leads must stop: another may hold the lock by now.
      stop.abort();
    }
  }
}
