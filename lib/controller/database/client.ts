// The Prisma client over node-postgres. Opening it connects to nothing: the first query does.
import { PrismaPg } from '@prisma/adapter-pg';
import { type Prisma, PrismaClient } from './generated/client.ts';
import { oneQueryAtATime } from './one-query-at-a-time.ts';

export type Database = PrismaClient;
/** What a store works on: the client, or one transaction of it. */
export type DatabaseTransaction = Prisma.TransactionClient;

/**
 * Opens a client with a pool of at most `connections` (10 unless told). The caller ends it with
 * `$disconnect()`.
 */
export function openDatabase(url: string, connections = 10): Database {
  const factory = new PrismaPg({ connectionString: url, max: connections });
  return new PrismaClient({ adapter: oneQueryAtATime(factory) });
}
