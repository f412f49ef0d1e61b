// One way to write: an interactive transaction, tried again when the database asks for it (a
// deadlock between writers, or a serialization failure), because then nothing of it has happened.
import type { Database, DatabaseTransaction } from '../database/client.ts';
import { Prisma } from '../database/generated/client.ts';

const ATTEMPTS = 5;
const WAIT_MS = { maxWait: 15_000, timeout: 30_000 };

export async function transact<T>(
  db: Database,
  work: (tx: DatabaseTransaction) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await db.$transaction(work, WAIT_MS);
    } catch (error) {
      if (attempt === ATTEMPTS || !isConflict(error)) throw error;
    }
  }
}

function isConflict(error: unknown): boolean {
  if (error instanceof Prisma.PrismaClientKnownRequestError) {
    return error.code === 'P2034' || /deadlock|40P01|40001/.test(error.message);
  }
  return error instanceof Error && /deadlock detected|40P01|40001/.test(error.message);
}
