// Seeds the lab on the first start and keeps the hosts' addresses true on every other. Each step
// may be repeated, so that a start that was killed half way goes on where it stopped.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { systemRandom } from '#lib/base/system-random.ts';
import { type Database, openDatabase } from '#lib/controller/database/client.ts';
import { createSealer } from '#lib/controller/secrets/sealer.ts';
import { replaceFile } from '../supervisor/data-folder.ts';
import { seedDepot } from './seed-depot.ts';
import { seedInventory, updateHostAddresses, updateProvider } from './seed-inventory.ts';
import type { SeedOptions, SeedResult } from './seed-options.ts';
import { seedTarget, updateTarget } from './seed-target.ts';
import { seedRoles, seedUsers } from './seed-users.ts';
import { seedShape } from './vcsim/seed-shape.ts';

/** Makes the lab unless it is there, in a database that holds no inventory yet. */
export async function seedLab(options: SeedOptions): Promise<SeedResult> {
  const db = openDatabase(options.databaseUrl, 4);
  try {
    const seeded = await seedOnce(db, options);
    await seedRoles(db);
    await seedDepot(db, options);
    await updateHostAddresses(db, options);
    await updateProvider(db, options);
    await updateTarget(db, options);
    const admin = await db.user.findUnique({ where: { name: 'admin' } });
    return { seeded, adminSignedIn: admin?.lastSignInAt != null };
  } finally {
    await db.$disconnect();
  }
}

/**
 * `lab` in the data folder says how far it is: without it, and with an inventory, the database is
 * no lab of ours.
 */
async function seedOnce(db: Database, options: SeedOptions): Promise<boolean> {
  const marker = path.join(options.dataFolder, 'lab');
  const state = existsSync(marker) ? readFileSync(marker, 'utf8') : '';
  if (state === 'complete') return false;
  if (state === '' && (await db.datacenter.count()) > 0) return false;
  replaceFile(marker, 'incomplete');
  await seedUsers(db, options.adminPassword);
  const { knobs, hosts: agents, dataFolder } = options;
  const sealer = createSealer(readFileSync(options.secretFile), systemRandom);
  if (knobs) await seedShape({ db, knobs, agents, sealer, dataFolder });
  else await seedInventory(db, options);
  await seedTarget(db, options);
  replaceFile(marker, 'complete');
  return true;
}
