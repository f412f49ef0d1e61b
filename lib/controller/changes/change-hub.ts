// Fans the change log out to the readers in this process: one connection follows it for all of
// them.
import { backoffMs } from '../../base/backoff.ts';
import { type Clock, sleep } from '../../base/clock.ts';
import type { Database } from '../database/client.ts';
import { type Change, followChanges } from './follow-changes.ts';

/** Changes kept in memory, for readers that were away for a moment. */
const KEPT = 2_000;
/** Changes read from the database for a reader that was away for longer; beyond it starts anew. */
const CAUGHT_UP_MAX = 10_000;
const RETRY = { firstMs: 100, maxMs: 5_000 };

export interface ChangeHubOptions {
  db: Database;
  databaseUrl: string;
  clock: Clock;
  signal: AbortSignal;
  onLost: (error: unknown) => void;
}

export interface ChangeReader {
  /** Changes in order of version, each once. */
  onChanges(changes: readonly Change[]): void;
}

/** What a reader missed: the changes, or null when they are no longer known. */
export type Missed = readonly Change[] | null;

export class ChangeHub {
  readonly #options: ChangeHubOptions;
  readonly #readers = new Set<ChangeReader>();
  #kept: Change[] = [];
  /** Version at which the following began; what came before is not in `#kept`. */
  #start: bigint | null = null;

  constructor(options: ChangeHubOptions) {
    this.#options = options;
  }

  /** Begins to follow the log; resolves when the signal aborts. */
  async run(): Promise<void> {
    const { db, databaseUrl, clock, signal, onLost } = this.#options;
    const fromVersion = await this.#readNewest(db);
    if (fromVersion === null) return;
    this.#start = fromVersion;
    const onChanges = (changes: readonly Change[]): void => this.#take(changes);
    await followChanges({ databaseUrl, fromVersion, onChanges, onLost, clock, signal });
  }

  /** A version that is not newer than anything read from now on; null while it has not begun. */
  get version(): bigint | null {
    return this.#kept.at(-1)?.version ?? this.#start;
  }

  /** Calls the reader for every change from now on, until the returned function is called. */
  subscribe(reader: ChangeReader): () => void {
    this.#readers.add(reader);
    return () => this.#readers.delete(reader);
  }

  /**
   * The changes after the version, up to the newest known here. To be called after `subscribe`, so
   * that nothing falls between; the reader drops what comes twice.
   */
  async missedAfter(version: bigint): Promise<Missed> {
    const oldestKept = this.#kept[0]?.version;
    const reachesBack = oldestKept === undefined ? this.#start : oldestKept - 1n;
    if (reachesBack !== null && version >= reachesBack) {
      return this.#kept.filter((change) => change.version > version);
    }
    return this.#readMissed(version);
  }

  async #readMissed(version: bigint): Promise<Missed> {
    const { db } = this.#options;
    const [oldest, rows] = await Promise.all([
      db.change.aggregate({ _min: { version: true } }),
      db.change.findMany({
        where: { version: { gt: version } },
        orderBy: { version: 'asc' },
        take: CAUGHT_UP_MAX + 1,
        select: { version: true, object: true, path: true },
      }),
    ]);
    const first = oldest._min.version;
    const isTrimmed = first === null ? version > 0n : first > version + 1n;
    if (isTrimmed || rows.length > CAUGHT_UP_MAX) return null;
    return rows.map((row) => ({ ...row, value: null }));
  }

  /** Asks until the database answers; null when the signal aborted before. */
  async #readNewest(db: Database): Promise<bigint | null> {
    const { clock, signal, onLost } = this.#options;
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        const newest = await db.change.aggregate({ _max: { version: true } });
        return newest._max.version ?? 0n;
      } catch (error) {
        onLost(error);
        await sleep(clock, backoffMs(RETRY, attempt), signal);
      }
    }
    return null;
  }

  #take(changes: readonly Change[]): void {
    this.#kept = [...this.#kept, ...changes].slice(-KEPT);
    for (const reader of this.#readers) reader.onChanges(changes);
  }
}
