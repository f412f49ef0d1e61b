// One way to write: an interactive transaction, tried again when the database asks for it (a
// deadlock between writers, or a serialization failure), because then nothing of it has happened.
// One that does not come through in time says so in words for an administrator.
import { Fault } from '../../model/fault.ts';
import type { Database, DatabaseTransaction } from '../database/client.ts';
import { Prisma } from '../database/generated/client.ts';

const ATTEMPTS = 5;
/** For a connection, and from then on. */
const WAIT_MS = { maxWait: 15_000, timeout: 30_000 };
/** It was given no connection in time, or was not done in time. */
const LATE = new Set(['P2024', 'P2028']);

/** Throws `Timedout` when the database is too busy; nothing of the work has happened then. */
export async function transact<T>(
  db: Database,
  work: (tx: DatabaseTransaction) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await db.$transaction(work, WAIT_MS);
    } catch (error) {
      if (attempt === ATTEMPTS || !isConflict(error)) throw late(error) ?? error;
    }
  }
}

/** Null for what is wrong for another reason. */
function late(cause: unknown): Fault | null {
  if (!(cause instanceof Prisma.PrismaClientKnownRequestError)) return null;
  if (!LATE.has(cause.code)) return null;
  const message =
    'The database is too busy: it did not make this change in time, and nothing was changed. ' +
    'Try again in a while.';
  return new Fault('Timedout', message, { cause });
}

function isConflict(error: unknown): boolean {
  if (error instanceof Prisma.PrismaClientKnownRequestError) {
    return error.code === 'P2034' || /deadlock|40P01|40001/.test(error.message);
  }
  return error instanceof Error && /deadlock detected|40P01|40001/.test(error.message);
}
