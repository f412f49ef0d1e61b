// The change log: every store write says here what it changed, in its own transaction. Versions
// grow in the order of commits, because writers take one lock before they draw a version and hold
// it until they have committed: so a reader with a cursor never misses a change that committed
// late.
//
// `object` is an object's id, or one of the words below; `path` names what changed about it. One
// rule for callers: record changes as the last thing of a transaction, so that the lock is held
// shortly.
import type { Json } from '../../base/json.ts';
import type { DatabaseTransaction } from '../database/client.ts';

/** The channel that is notified with the newest version. */
export const CHANGES_CHANNEL = 'sluice_changes';
/** Key of the advisory lock that orders versions. */
const VERSION_LOCK = 7_318_001;

/** Objects of changes that concern no single managed object. */
export const CHANGE_LISTS = { events: 'events', samples: 'samples' } as const;

export interface ChangeInput {
  /** Id of the object, or a word of CHANGE_LISTS. */
  object: string;
  /** What changed: `state`, `created`, `deleted`, `filters`, `recommendations`, … */
  path: string;
  value?: Json;
}

/** Appends one change. */
export function recordChange(tx: DatabaseTransaction, change: ChangeInput): Promise<void> {
  return recordChanges(tx, [change]);
}

/** Appends changes in their order, with one statement. */
export async function recordChanges(
  tx: DatabaseTransaction,
  changes: ChangeInput[],
): Promise<void> {
  if (changes.length === 0) return;
  const rows = JSON.stringify(changes.map(({ object, path, value }) => ({ object, path, value })));
  await tx.$queryRaw`
    WITH ordered AS MATERIALIZED (
      SELECT pg_advisory_xact_lock(${VERSION_LOCK}::bigint) AS held
    ), appended AS (
      INSERT INTO "Change" ("at", "object", "path", "value")
      SELECT (now() AT TIME ZONE 'UTC'), c.object, c.path, c.value
      FROM ordered, ROWS FROM (
        jsonb_to_recordset(${rows}::jsonb) AS (object text, path text, value jsonb)
      ) WITH ORDINALITY AS c(object, path, value, position)
      ORDER BY c.position
      RETURNING "version"
    )
    SELECT pg_notify(${CHANGES_CHANNEL}, max("version")::text)::text FROM appended`;
}

/** Forgets changes older than the given number of seconds, and returns how many. */
export function trimChanges(tx: DatabaseTransaction, keepSeconds: number): Promise<number> {
  return tx.$executeRaw`
    DELETE FROM "Change"
    WHERE "at" < (now() AT TIME ZONE 'UTC') - make_interval(secs => ${keepSeconds}::float8)`;
}
