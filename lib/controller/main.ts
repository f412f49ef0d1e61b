// Entry point of the controller process. Environment: DATABASE_URL, SLUICE_PUBLIC_URL,
// SLUICE_SECRET_FILE, SLUICE_DATA (depot and trusted roots, to synchronise online depots),
// LOG_LEVEL.
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { pino } from 'pino';
import { assert } from '../base/assert.ts';
import { randomHex } from '../base/random.ts';
import { systemClock } from '../base/system-clock.ts';
import { systemRandom } from '../base/system-random.ts';
import { createAgents } from './agents/agent-client.ts';
import { createDepotLinks } from './agents/depot-links.ts';
import { openDatabase } from './database/client.ts';
import { depotOf, openDepot } from './depot/depot.ts';
import { keyedAgents } from './keys/keyed-agents.ts';
import { runController } from './run-controller.ts';
import { createSealer } from './secrets/sealer.ts';

const { DATABASE_URL, SLUICE_DATA, SLUICE_SECRET_FILE, LOG_LEVEL = 'info' } = process.env;
const publicUrl = process.env.SLUICE_PUBLIC_URL ?? 'http://127.0.0.1:3000';
assert(DATABASE_URL, 'DATABASE_URL names the database');
assert(SLUICE_SECRET_FILE, 'SLUICE_SECRET_FILE names the file with the secret of the installation');

const logger = pino({ level: LOG_LEVEL, name: 'controller' });
// Node's own printing would go to the terminal of whoever started the product.
process.removeAllListeners('warning');
process.on('warning', (warning) => logger.debug({ err: warning }, 'a warning of the runtime'));
const secret = await readFile(SLUICE_SECRET_FILE);
const db = openDatabase(DATABASE_URL, 20);
const sealer = createSealer(secret, systemRandom);
const depotFiles = SLUICE_DATA ? depotOf(SLUICE_DATA, systemClock) : null;
if (depotFiles) await openDepot(depotFiles);
const stop = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());

try {
  await runController({
    services: {
      db,
      agents: keyedAgents(createAgents(systemClock, sealer), { db, sealer, random: systemRandom }),
      depot: createDepotLinks({ publicUrl, secret, clock: systemClock }),
      ...(depotFiles ? { depotFiles } : {}),
      sealer,
      clock: systemClock,
      random: systemRandom,
      logger,
    },
    databaseUrl: DATABASE_URL,
    owner: `${hostname()}:${process.pid}:${randomHex(systemRandom, 4)}`,
    signal: stop.signal,
  });
} finally {
  await db.$disconnect();
}
logger.info('stopped');
