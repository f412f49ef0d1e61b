// Migrations and the client against a real server: applying, planning, refusing, and what a
// transaction promises.
import { appendFile, cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemRandom } from '../../base/system-random.ts';
import { openDatabase } from './client.ts';
import { deployMigrations, planMigration, readMigrationStatus, resetDatabase } from './migrate.ts';
import { createEmptyDatabase, openTestServer, PRISMA_FOLDER } from './test-database.ts';

let server: Awaited<ReturnType<typeof openTestServer>>;
let folder = '';

beforeAll(async () => {
  server = await openTestServer();
  folder = await mkdtemp(path.join(tmpdir(), 'sluice-prisma-'));
}, 90_000);

afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

async function freshOptions(prismaFolder: string) {
  return { url: await createEmptyDatabase(server.adminUrl), prismaFolder, random: systemRandom };
}

test('deploys every migration once, and the client finds its tables', async () => {
  const options = await freshOptions(PRISMA_FOLDER);
  const before = await readMigrationStatus(options);
  const applied = await deployMigrations(options);
  expect(applied).toEqual(before.unapplied);
  expect(applied.length).toBeGreaterThan(0);
  expect(await deployMigrations(options)).toEqual([]);
  expect(await readMigrationStatus(options)).toEqual({ unapplied: [], failed: [], edited: [] });
  const database = openDatabase(options.url);
  expect(await database.idCounter.count()).toBe(0);
  await database.$disconnect();
}, 60_000);

test('the committed migrations describe the schema: planning finds nothing to do', async () => {
  await cp(PRISMA_FOLDER, path.join(folder, 'same'), { recursive: true });
  const planned = await planMigration(await freshOptions(path.join(folder, 'same')), 'nothing');
  expect(planned.created).toBeNull();
}, 60_000);

test('plans a migration for a changed schema, and applies it with functions in it', async () => {
  const copy = path.join(folder, 'changed');
  await cp(PRISMA_FOLDER, copy, { recursive: true });
  const options = await freshOptions(copy);
  await appendFile(path.join(copy, 'schema.prisma'), '\nmodel Extra {\n  id Int @id\n}\n');
  const planned = await planMigration(options, 'extra');
  expect(planned.created).toMatch(/^\d{14}_extra$/);
  expect(planned.warnings).toEqual([]);
  const file = path.join(copy, 'migrations', `${planned.created}`, 'migration.sql');
  expect(await readFile(file, 'utf8')).toContain('CREATE TABLE "Extra"');
  const body = 'CREATE FUNCTION two() RETURNS int AS $$ BEGIN; RETURN 2; END; $$ LANGUAGE plpgsql;';
  await appendFile(file, `\n${body.replace('BEGIN;', 'BEGIN')}\n`);
  expect(await readMigrationStatus(options)).toMatchObject({ edited: [planned.created] });
  expect(await resetDatabase(options)).toContain(planned.created);
}, 60_000);

test('a migration that fails is reported with the reason of the server', async () => {
  const copy = path.join(folder, 'broken');
  await cp(PRISMA_FOLDER, copy, { recursive: true });
  const [first] = (await readdir(path.join(copy, 'migrations'))).sort();
  await writeFile(
    path.join(copy, 'migrations', `${first}`, 'migration.sql'),
    'SELECT no_such_thing;',
  );
  const options = await freshOptions(copy);
  await expect(deployMigrations(options)).rejects.toThrow(/no_such_thing/);
  expect((await readMigrationStatus(options)).failed).toEqual([first]);
}, 60_000);

test('a transaction that throws leaves nothing behind', async () => {
  const options = await freshOptions(PRISMA_FOLDER);
  await deployMigrations(options);
  const database = openDatabase(options.url);
  const failing = database.$transaction(async (transaction) => {
    await transaction.idCounter.create({ data: { kind: 'vm', next: 1 } });
    throw new Error('power cut');
  });
  await expect(failing).rejects.toThrow('power cut');
  expect(await database.idCounter.count()).toBe(0);
  await database.$disconnect();
}, 60_000);
