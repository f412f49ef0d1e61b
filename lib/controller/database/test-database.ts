// An empty, migrated database for a test: on the server that TEST_DATABASE_URL names, else on an
// embedded one that lives as long as the test file. The same tests run on both.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { randomHex } from '../../base/random.ts';
import { systemClock } from '../../base/system-clock.ts';
import { systemRandom } from '../../base/system-random.ts';
import { type Database, openDatabase } from './client.ts';
import { createDatabase, startEmbedded } from './embedded.ts';
import { deployMigrations } from './migrate.ts';

export const PRISMA_FOLDER = path.join(import.meta.dirname, '..', '..', '..', 'prisma');

interface TestServer {
  /** Connection string of a database that exists already. */
  adminUrl: string;
  stop(): Promise<void>;
}

export interface TestDatabase {
  url: string;
  database: Database;
  close(): Promise<void>;
}

/** A server to make databases on. */
export async function openTestServer(): Promise<TestServer> {
  const given = process.env.TEST_DATABASE_URL;
  if (given) return { adminUrl: given, stop: async () => undefined };
  const directory = await mkdtemp(path.join(tmpdir(), 'sluice-test-'));
  const log = () => undefined;
  const settings = { directory, database: 'sluice', clock: systemClock, random: systemRandom, log };
  const server = await startEmbedded(settings);
  return {
    adminUrl: server.url,
    async stop() {
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Makes a database without tables; its name is new. */
export async function createEmptyDatabase(adminUrl: string): Promise<string> {
  const name = `test_${randomHex(systemRandom, 8)}`;
  await createDatabase(adminUrl, name);
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  return url.toString();
}

/** Makes a migrated database with a client; `close` removes all of it again. */
export async function openTestDatabase(): Promise<TestDatabase> {
  const server = await openTestServer();
  const url = await createEmptyDatabase(server.adminUrl);
  await deployMigrations({ url, prismaFolder: PRISMA_FOLDER, random: systemRandom });
  const database = openDatabase(url);
  return {
    url,
    database,
    async close() {
      await database.$disconnect();
      await dropDatabase(server.adminUrl, new URL(url).pathname.slice(1));
      await server.stop();
    },
  };
}

async function dropDatabase(adminUrl: string, name: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  await client.query(`DROP DATABASE IF EXISTS ${pg.escapeIdentifier(name)} WITH (FORCE)`);
  await client.end();
}
