// The embedded server through kills: what was committed is there again, and a server that lives is
// taken over.
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../base/system-clock.ts';
import { systemRandom } from '../../base/system-random.ts';
import { type EmbeddedServer, startEmbedded } from './embedded.ts';

let directory = '';
let servers: EmbeddedServer[] = [];

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'sluice-embedded-'));
  servers = [];
});

afterEach(async () => {
  for (const server of servers) await server.stop();
  await rm(directory, { recursive: true, force: true });
}, 60_000);

async function start(): Promise<EmbeddedServer> {
  const log = () => undefined;
  const options = { directory, database: 'sluice', clock: systemClock, random: systemRandom, log };
  const server = await startEmbedded(options);
  servers.push(server);
  return server;
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

test('keeps what was committed over kill -9, at the same address', async () => {
  const first = await start();
  await query(first.url, 'CREATE TABLE kept (n int)');
  await query(first.url, 'INSERT INTO kept VALUES (42)');
  process.kill(first.pid, 'SIGKILL');
  const second = await start();
  expect(second.adopted).toBe(false);
  expect(second.url).toBe(first.url);
  expect(await query(second.url, 'SELECT n FROM kept')).toEqual([{ n: 42 }]);
  expect(await query(second.url, 'SHOW fsync')).toEqual([{ fsync: 'on' }]);
}, 90_000);

test('takes over a server that runs already, and stops it', async () => {
  const first = await start();
  const second = await start();
  expect(second).toMatchObject({ adopted: true, pid: first.pid, url: first.url });
  await second.stop();
  expect(second.isAlive()).toBe(false);
}, 90_000);

test('asks for the password, which only its owner may read', async () => {
  const server = await start();
  expect((await stat(path.join(directory, 'password'))).mode & 0o777).toBe(0o600);
  const wrong = new URL(server.url);
  wrong.password = 'guess';
  await expect(query(wrong.toString(), 'SELECT 1')).rejects.toThrow(/password/);
}, 90_000);

test('refuses data of another major version', async () => {
  await (await start()).stop();
  await writeFile(path.join(directory, 'data', 'PG_VERSION'), '9\n');
  await expect(start()).rejects.toThrow(/made by PostgreSQL 9/);
}, 90_000);
