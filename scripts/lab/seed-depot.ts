// Puts the VIBs that were built here into the depot, at each start: a filter that is new shows up.
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { systemClock } from '#lib/base/system-clock.ts';
import { systemRandom } from '#lib/base/system-random.ts';
import type { Database } from '#lib/controller/database/client.ts';
import { addVibFile } from '#lib/controller/depot/add-vibs.ts';
import { openDepot } from '#lib/controller/depot/depot.ts';
import { Fault } from '#lib/model/fault.ts';
import type { SeedOptions } from './seed-options.ts';

export async function seedDepot(db: Database, options: SeedOptions): Promise<void> {
  const { vibFolder, rootsFile, dataFolder } = options;
  const depot = { folder: path.join(dataFolder, 'depot'), rootsFile, clock: systemClock };
  await openDepot(depot);
  const names = existsSync(vibFolder) ? readdirSync(vibFolder) : [];
  for (const name of names.filter((candidate) => candidate.endsWith('.vib'))) {
    try {
      const settings = { db, depot, random: systemRandom, addedBy: 'Sluice' };
      await addVibFile(settings, path.join(vibFolder, name));
    } catch (error) {
      // Built again without a new version: hosts may have the one that is there, so it stays.
      if (!(error instanceof Fault) || error.fault !== 'AlreadyExists') throw error;
    }
  }
}
