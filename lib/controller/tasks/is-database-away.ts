// Tells a database that cannot be reached now from a statement that it refused.
import { Fault } from '../../model/fault.ts';
import { Prisma } from '../database/generated/client.ts';

/** Not reachable, timed out, closed the connection, no connection free in time, too slow. */
const CODES = new Set(['P1001', 'P1002', 'P1008', 'P1017', 'P2024', 'P2028']);
const WORDS = new RegExp(
  [
    "can't reach database|econnrefused|econnreset",
    'connection terminated|terminating connection|the database system is',
  ].join('|'),
  'i',
);

export function isDatabaseAway(error: unknown): boolean {
  // What it says to an administrator carries what was wrong.
  if (error instanceof Fault && error.cause !== undefined) return isDatabaseAway(error.cause);
  if (error instanceof Prisma.PrismaClientKnownRequestError && CODES.has(error.code)) return true;
  if (error instanceof Prisma.PrismaClientInitializationError) return true;
  return error instanceof Error && error.name.startsWith('Prisma') && WORDS.test(error.message);
}
