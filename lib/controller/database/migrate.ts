// Migrations: applies prisma/migrations to a database and plans new ones, in Prisma's own format
// and with its own table and checksums, so that the official tool can take over wherever it can be
// had.
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { MigrationList } from '@prisma/schema-engine-wasm/schema_engine_bg';
import type { Random } from '../../base/random.ts';
import { Fault } from '../../model/fault.ts';
import { migrationAdapterFactory } from './migration-adapter.ts';
import { type EngineSession, openSchemaEngine } from './schema-engine.ts';

const FILTERS = { externalTables: [], externalEnums: [] };
const LOCK_FILE = 'migration_lock.toml';

export interface MigrateOptions {
  /** Connection string; the user must be allowed to create databases for `planMigration`. */
  url: string;
  /** Folder with schema.prisma and migrations/. */
  prismaFolder: string;
  random: Random;
}

export interface PlannedMigration {
  /** Folder of the new migration, or null when the schema had not changed. */
  created: string | null;
  applied: string[];
  /** What the migration would lose, in words. */
  warnings: string[];
}

export interface MigrationStatus {
  /** Migrations that the database does not have yet. */
  unapplied: string[];
  /** Migrations that began and did not end. */
  failed: string[];
  /** Migrations whose file was changed after they were applied. */
  edited: string[];
}

/** Applies what is missing and returns the names of what was applied. */
export function deployMigrations(options: MigrateOptions): Promise<string[]> {
  return withEngine(options, async (engine) => {
    const migrationsList = await readMigrations(options);
    const applied = await engine.call((e) =>
      e.applyMigrations({ migrationsList, filters: FILTERS }),
    );
    return applied.appliedMigrationNames;
  });
}

/** Compares the database with the folder, changing nothing. */
export function readMigrationStatus(options: MigrateOptions): Promise<MigrationStatus> {
  return withEngine(options, async (engine) => {
    const migrationsList = await readMigrations(options);
    const input = { migrationsList, optInToShadowDatabase: false, filters: FILTERS };
    const found = await engine.call((e) => e.diagnoseMigrationHistory(input));
    const all = migrationsList.migrationDirectories.map((directory) => directory.path);
    const { history } = found;
    const missing =
      history && 'unappliedMigrationNames' in history ? history.unappliedMigrationNames : [];
    return {
      unapplied: found.hasMigrationsTable ? missing : all,
      failed: found.failedMigrationNames,
      edited: found.editedMigrationNames,
    };
  });
}

/** Empties the database and applies every migration. */
export async function resetDatabase(options: MigrateOptions): Promise<string[]> {
  await withEngine(options, (engine) => engine.call((e) => e.reset({ filter: FILTERS })));
  return deployMigrations(options);
}

/** Writes a migration that brings the folder up to schema.prisma, and applies it. */
export async function planMigration(
  options: MigrateOptions,
  name: string,
): Promise<PlannedMigration> {
  await withEngine(options, (engine) => refuseDivergedHistory(options, engine));
  await deployMigrations(options);
  const planned = await withEngine(options, async (engine) => {
    // Without this call on the migrated database the engine does not know how to make its shadow
    // database.
    await refuseDivergedHistory(options, engine);
    const migrationsList = await readMigrations(options);
    const target = { migrationsList, schema: await readSchema(options), filters: FILTERS };
    const loss = await engine.call((e) => e.evaluateDataLoss(target));
    const migration = await engine.call((e) =>
      e.createMigration({ ...target, draft: false, migrationName: name }),
    );
    return { migration, warnings: [...loss.warnings, ...loss.unexecutableSteps] };
  });
  const script = planned.migration.migrationScript;
  if (script) await writeMigration(options, { ...planned.migration, script });
  return {
    created: script ? planned.migration.generatedMigrationName : null,
    applied: await deployMigrations(options),
    warnings: planned.warnings.map((step) => step.message),
  };
}

async function refuseDivergedHistory(
  options: MigrateOptions,
  engine: EngineSession,
): Promise<void> {
  const migrationsList = await readMigrations(options);
  const diagnosed = await engine.call((e) => e.devDiagnostic({ migrationsList, filters: FILTERS }));
  if (diagnosed.action.tag !== 'reset') return;
  throw new Fault('InvalidState', `Reset the database first: ${diagnosed.action.reason}`);
}

async function withEngine<T>(
  options: MigrateOptions,
  work: (engine: EngineSession) => Promise<T>,
): Promise<T> {
  const factory = migrationAdapterFactory(options.url, options.random);
  try {
    const [file] = (await readSchema(options)).files;
    return await work(await openSchemaEngine(file, factory));
  } finally {
    await factory.close();
  }
}

async function readSchema({ prismaFolder }: MigrateOptions) {
  const file = path.join(prismaFolder, 'schema.prisma');
  const content = await readFile(file, 'utf8');
  const files: [{ path: string; content: string }] = [{ path: file, content }];
  return { files };
}

async function readMigrations({ prismaFolder }: MigrateOptions): Promise<MigrationList> {
  const folder = path.join(prismaFolder, 'migrations');
  const lock = path.join(folder, LOCK_FILE);
  const entries = existsSync(folder) ? await readdir(folder, { withFileTypes: true }) : [];
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  const migrationDirectories: MigrationList['migrationDirectories'] = [];
  for (const name of names.sort()) {
    const value = await readFile(path.join(folder, name, 'migration.sql'), 'utf8');
    const migrationFile = { path: 'migration.sql', content: { tag: 'ok' as const, value } };
    migrationDirectories.push({ path: name, migrationFile });
  }
  const content = existsSync(lock) ? await readFile(lock, 'utf8') : null;
  const lockfile = { path: LOCK_FILE, content };
  return { baseDir: folder, lockfile, shadowDbInitScript: '', migrationDirectories };
}

async function writeMigration(
  { prismaFolder }: MigrateOptions,
  made: {
    generatedMigrationName: string;
    extension: string;
    connectorType: string;
    script: string;
  },
): Promise<void> {
  const folder = path.join(prismaFolder, 'migrations');
  await mkdir(path.join(folder, made.generatedMigrationName), { recursive: true });
  const file = path.join(folder, made.generatedMigrationName, `migration.${made.extension}`);
  await writeFile(file, made.script);
  const lock = path.join(folder, LOCK_FILE);
  if (existsSync(lock)) return;
  await writeFile(lock, `# Written by the migration tool.\nprovider = "${made.connectorType}"\n`);
}
