// The REST face in the web process: reads the environment, makes the real seams, once for the
// process. DATABASE_URL, SLUICE_DATA (depot and trusted roots), SLUICE_PUBLIC_URL,
// SLUICE_SECRET_FILE, SLUICE_IMPORT_FOLDERS, LOG_LEVEL.
import { readFileSync } from 'node:fs';
import type { Hono } from 'hono';
import { pino } from 'pino';
import { assert } from '../base/assert.ts';
import { systemClock } from '../base/system-clock.ts';
import { systemRandom } from '../base/system-random.ts';
import { createAgents } from '../controller/agents/agent-client.ts';
import { createDepotLinks } from '../controller/agents/depot-links.ts';
import { ChangeHub } from '../controller/changes/change-hub.ts';
import { openDatabase } from '../controller/database/client.ts';
import { depotOf, openDepot } from '../controller/depot/depot.ts';
import { makeImportFolders } from '../controller/imports/server-files.ts';
import { sweepImports } from '../controller/imports/sweep-imports.ts';
import { createSealer } from '../controller/secrets/sealer.ts';
import { SignInLimiter } from '../controller/sessions/sign-in-limiter.ts';
import { VmList } from '../controller/vm-list/vm-list.ts';
import { createApi } from './app.ts';

const CONNECTIONS = 20;
/** How often uploads that nobody needs are taken away, in milliseconds. */
const SWEEP_MS = 10_000;

// Next evaluates a module once for each bundle, and again for each change in development: what
// holds connections is kept where all of them find it.
const KEPT = Symbol.for('sluice.api');

/** Made at the first request, so that a build needs no database. */
export function openApi(): Api {
  const kept: unknown = Reflect.get(globalThis, KEPT);
  if (isApi(kept)) return kept;
  const api = makeApi();
  Reflect.set(globalThis, KEPT, api);
  return api;
}

type Api = Pick<Hono, 'fetch'>;

function isApi(value: unknown): value is Api {
  return typeof value === 'object' && value !== null && 'fetch' in value;
}

function makeApi(): Api {
  const { DATABASE_URL, SLUICE_DATA, SLUICE_SECRET_FILE, LOG_LEVEL = 'info' } = process.env;
  const publicUrl = process.env.SLUICE_PUBLIC_URL ?? 'http://127.0.0.1:3000';
  assert(DATABASE_URL, 'DATABASE_URL names the database');
  assert(SLUICE_DATA, 'SLUICE_DATA names the data folder');
  assert(SLUICE_SECRET_FILE, 'SLUICE_SECRET_FILE names the file with the key for depot links');
  const logger = pino({ level: LOG_LEVEL, name: 'web' });
  const clock = systemClock;
  const db = openDatabase(DATABASE_URL, CONNECTIONS);
  const depotSecret = readFileSync(SLUICE_SECRET_FILE);
  const depot = depotOf(SLUICE_DATA, clock);
  // `next start` waits for open streams before it stops: they must end by themselves.
  const stopping = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => stopping.abort());
  }
  const onLost = (error: unknown): void => logger.warn({ err: error }, 'lost the change log');
  const changes = new ChangeHub({
    ...{ db, databaseUrl: DATABASE_URL, clock, signal: stopping.signal, onLost },
  });
  void changes.run();
  openDepot(depot).catch((error: unknown) => logger.error({ err: error }, 'the depot is missing'));
  // A kill may leave uploads behind, and a task ends in another process.
  const sweep = async (): Promise<void> => {
    await sweepImports(db, depot).catch((error: unknown) =>
      logger.warn({ err: error }, 'uploads were not taken away'),
    );
    clock.after(SWEEP_MS, () => void sweep());
  };
  clock.after(SWEEP_MS, () => void sweep());
  return createApi({
    ...{
      db,
      clock,
      random: systemRandom,
      logger,
      agents: createAgents(clock, createSealer(depotSecret, systemRandom)),
      depot,
      changes,
      vmList: new VmList(db, clock),
    },
    importFolders: makeImportFolders(SLUICE_DATA, process.env.SLUICE_IMPORT_FOLDERS ?? ''),
    limiter: new SignInLimiter(clock),
    depotLinks: createDepotLinks({ publicUrl, secret: depotSecret, clock }),
    ...{ depotSecret, publicUrl, stopping: stopping.signal },
  });
}
