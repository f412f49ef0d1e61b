// Entry point of a vVol storage provider: one directory with volumes, calls on one port of
// 127.0.0.1 and data on another, up to `--capacity` bytes. The token comes from SLUICE_VVOL_TOKEN.
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { z } from 'zod';
import { systemClock } from '#lib/base/system-clock.ts';
import { systemRandom } from '#lib/base/system-random.ts';
import { createRpcServer } from '../agent/rpc-server.ts';
import { acquireDiskLock } from '../datastore/disk-lock.ts';
import { NbdServer } from '../nbd/nbd-server.ts';
import { VolumeProvider } from './volume-provider.ts';

const HOST = '127.0.0.1';
const string = { type: 'string' } as const;
const { values } = parseArgs({
  options: {
    directory: string,
    port: { ...string, default: '0' },
    'nbd-port': { ...string, default: '0' },
    capacity: string,
  },
});
const portSchema = z.coerce.number().int().min(0).max(65535);
const options = z
  .object({
    directory: z.string().startsWith('/'),
    port: portSchema,
    'nbd-port': portSchema,
    capacity: z.coerce.number().int().positive().optional(),
    token: z.string().min(16, 'a token has at least 16 characters'),
  })
  .parse({ ...values, token: process.env.SLUICE_VVOL_TOKEN });
const logger = pino({ level: process.env.SLUICE_LOG_LEVEL ?? 'info' });
process.on('uncaughtException', (error) => {
  logger.fatal(error);
  process.exit(1);
});

const lock = await acquireDiskLock({
  descriptorPath: `${options.directory}.provider`,
  owner: { hostUuid: 'vvol', hostName: 'storage provider', vmId: 'vvol' },
  clock: systemClock,
  random: systemRandom,
});
lock.onLost((reason) => {
  logger.fatal(reason);
  process.exit(1);
});
let nbdPort = 0;
const provider = await VolumeProvider.open({
  directory: options.directory,
  capacityBytes: options.capacity ?? null,
  clock: systemClock,
  random: systemRandom,
  nbdPlace: () => ({ host: HOST, port: nbdPort }),
});
const nbd = new NbdServer({
  exports: provider.exports.all,
  // A binding's name is secret: who knows it has bound the volume.
  unlisted: true,
  clock: systemClock,
  log: (message) => logger.info(message),
});
nbdPort = await nbd.listenTcp({ host: HOST, port: options['nbd-port'] });
const server = createRpcServer({ token: options.token, rpcs: provider.rpcs(), logger });
await new Promise<void>((resolve, reject) => {
  server.once('error', reject).listen(options.port, HOST, resolve);
});
const address = server.address();
const port = typeof address === 'object' && address ? address.port : options.port;
logger.info({ port, nbdPort }, 'the storage provider is ready');
process.send?.({ ready: true, port });

process.once('SIGTERM', () => {
  server.close();
  nbd.close();
  void lock.release().then(() => process.exit(0));
});
