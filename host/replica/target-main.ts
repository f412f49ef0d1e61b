// Entry point of a replication target: one directory with copies, records by TLS on one port, calls
// on another, moments over NBD on a third, all of them on 127.0.0.1 unless `--address` says
// otherwise. The token comes from SLUICE_TARGET_TOKEN.
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { z } from 'zod';
import { systemClock } from '#lib/base/system-clock.ts';
import { systemRandom } from '#lib/base/system-random.ts';
import { GIB, MIB } from '#lib/model/limits.ts';
import { createRpcServer } from '../agent/rpc-server.ts';
import { acquireDiskLock } from '../datastore/disk-lock.ts';
import { systemDiskFiles } from '../disk/system-disk-files.ts';
import { NbdServer } from '../nbd/nbd-server.ts';
import { ExportList } from '../volumes/export-list.ts';
import { Pairings } from './pairings.ts';
import { ReplicationTarget } from './replication-target.ts';
import { ServedMoments } from './served-moments.ts';
import { pairedRpcs, targetRpcs } from './target-calls.ts';
import { TargetStore } from './target-store.ts';

const LOCAL = '127.0.0.1';
const HOUR_US = 3600 * 1_000_000;
const string = { type: 'string' } as const;
const { values } = parseArgs({
  options: {
    directory: string,
    address: { ...string, default: LOCAL },
    port: { ...string, default: '0' },
    'rpc-port': { ...string, default: '0' },
    'nbd-port': { ...string, default: '0' },
    'window-hours': { ...string, default: '24' },
    'journal-gib': { ...string, default: '64' },
    'segment-mib': { ...string, default: '64' },
  },
});
const portSchema = z.coerce.number().int().min(0).max(65535);
const options = z
  .object({
    directory: z.string().startsWith('/'),
    address: z.string(),
    port: portSchema,
    'rpc-port': portSchema,
    'nbd-port': portSchema,
    'window-hours': z.coerce.number().positive(),
    'journal-gib': z.coerce.number().positive(),
    'segment-mib': z.coerce.number().positive().max(1024),
    token: z.string().min(16, 'a token has at least 16 characters'),
  })
  .parse({ ...values, token: process.env.SLUICE_TARGET_TOKEN });
const logger = pino({ level: process.env.SLUICE_LOG_LEVEL ?? 'info' });
process.on('uncaughtException', (error) => {
  logger.fatal(error);
  process.exit(1);
});
const log = (message: string): void => logger.warn(message);

const lock = await acquireDiskLock({
  descriptorPath: `${options.directory}.target`,
  owner: { hostUuid: 'replication', hostName: 'replication target', vmId: 'replication' },
  clock: systemClock,
  random: systemRandom,
});
lock.onLost((reason) => {
  logger.fatal(reason);
  process.exit(1);
});
const exports = new ExportList();
const store = await TargetStore.open({
  files: systemDiskFiles,
  directory: options.directory,
  segmentBytes: options['segment-mib'] * MIB,
  retention: {
    windowUs: options['window-hours'] * HOUR_US,
    journalBytesMax: options['journal-gib'] * GIB,
  },
  ...{ exports, clock: systemClock, random: systemRandom, log },
});
const pairings = await Pairings.open(`${options.directory}/pairings.json`, {
  clock: systemClock,
  random: systemRandom,
});
const moments = await ServedMoments.open(`${options.directory}/moments.json`, { store, log });
// A moment's name is secret: who knows it may read it.
const nbd = new NbdServer({ exports: exports.all, unlisted: true, clock: systemClock, log });
const nbdPort = await nbd.listenTcp({ host: options.address, port: options['nbd-port'] });
const calls = { store, moments, pairings, nbdPort: () => nbdPort };
const target = new ReplicationTarget({
  ...{ store, pairings, clock: systemClock, log },
  onCalls(socket, pairing) {
    const key = pairings.keyOf(pairing);
    if (key === null) {
      socket.destroy();
      return;
    }
    const token = Buffer.from(key).toString('hex');
    const paired = createRpcServer({ token, rpcs: pairedRpcs(calls, pairing), logger });
    paired.emit('connection', socket);
  },
});
const port = await target.listen(options.address, options.port);
const rpcs = targetRpcs(calls);
const server = createRpcServer({ token: options.token, rpcs, logger });
await new Promise<void>((resolve, reject) => {
  server.once('error', reject).listen(options['rpc-port'], LOCAL, resolve);
});
const address = server.address();
const rpcPort = typeof address === 'object' && address ? address.port : options['rpc-port'];
logger.info({ port, rpcPort, nbdPort }, 'the replication target is ready');
process.send?.({ ready: true, port, rpcPort, nbdPort });

process.once('SIGTERM', () => {
  server.close();
  nbd.close();
  target.close();
  void lock.release().then(() => process.exit(0));
});
