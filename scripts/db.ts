// npm run db -- dev NAME | deploy | status | reset: migrations on DATABASE_URL, or on the embedded
// server.
import path from 'node:path';
import { systemClock } from '#lib/base/system-clock.ts';
import { systemRandom } from '#lib/base/system-random.ts';
import { type EmbeddedServer, startEmbedded } from '#lib/controller/database/embedded.ts';
import {
  deployMigrations,
  type MigrateOptions,
  planMigration,
  readMigrationStatus,
  resetDatabase,
} from '#lib/controller/database/migrate.ts';

const USAGE = 'usage: npm run db -- dev NAME | deploy | status | reset\n';
const projectRoot = path.join(import.meta.dirname, '..');

const [command = 'status', name] = process.argv.slice(2);
const embedded = process.env.DATABASE_URL ? null : await startOwnServer();
let exitCode = 1;
const url = process.env.DATABASE_URL ?? embedded?.url ?? '';
try {
  const prismaFolder = path.join(projectRoot, 'prisma');
  exitCode = await run({ url, prismaFolder, random: systemRandom });
} finally {
  // One that ran before belongs to somebody else.
  if (embedded && !embedded.adopted) await embedded.stop();
}
// The schema engine leaves a timer of a minute behind.
process.exit(exitCode);

async function run(options: MigrateOptions): Promise<number> {
  if (command === 'dev' && name) print(await planMigration(options, name));
  else if (command === 'deploy') print({ applied: await deployMigrations(options) });
  else if (command === 'reset') print({ applied: await resetDatabase(options) });
  else if (command === 'status') print(await readMigrationStatus(options));
  else {
    process.stderr.write(USAGE);
    return 2;
  }
  return 0;
}

function print(result: object): void {
  for (const [key, value] of Object.entries(result)) {
    const text = Array.isArray(value) ? value.join('\n  ') || 'none' : String(value ?? 'none');
    process.stdout.write(`${key}:\n  ${text}\n`);
  }
}

function startOwnServer(): Promise<EmbeddedServer> {
  const dataFolder = path.resolve(projectRoot, process.env.SLUICE_DATA ?? '.data');
  return startEmbedded({
    directory: path.join(dataFolder, 'postgresql'),
    database: 'sluice',
    clock: systemClock,
    random: systemRandom,
    log: () => undefined,
  });
}
