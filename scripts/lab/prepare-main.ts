// Brings the database up to date and seeds the lab, in a process of its own that ends when it is
// done: what that takes, Prisma's engine above all, need not stay in the supervisor's memory.
// Options come on the standard input, the result goes to the standard output.
import path from 'node:path';
import { json } from 'node:stream/consumers';
import { systemRandom } from '#lib/base/system-random.ts';
import { deployMigrations } from '#lib/controller/database/migrate.ts';
import { seedLab } from './seed.ts';
import { seedOptionsSchema } from './seed-options.ts';

const options = seedOptionsSchema.parse(await json(process.stdin));
const prismaFolder = path.join(import.meta.dirname, '..', '..', 'prisma');
try {
  await deployMigrations({ url: options.databaseUrl, prismaFolder, random: systemRandom });
  process.stdout.write(JSON.stringify(await seedLab(options)));
  // The schema engine leaves a timer of a minute behind.
  process.exit(0);
} catch (error) {
  process.stderr.write(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
