// Entry point of a vSAN node: `node node-main.ts LAUNCH_FILE`. It is a process of its own, so that
// the end of its host's agent costs nobody an I/O. One at a time has the directory.
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import pino from 'pino';
import { systemClock } from '#lib/base/system-clock.ts';
import { systemRandom } from '#lib/base/system-random.ts';
import { createRpcServer } from '../agent/rpc-server.ts';
import { acquireDiskLock } from '../datastore/disk-lock.ts';
import { errnoOf } from '../datastore/errno.ts';
import { identifyProcess } from '../datastore/process-identity.ts';
import { NbdServer } from '../nbd/nbd-server.ts';
import { nodeOptionsSchema, registerNode } from './node-registry.ts';
import { VsanNode } from './vsan-node.ts';

const launchPath = process.argv[2];
if (launchPath === undefined) {
  process.stderr.write('usage: node node-main.ts LAUNCH_FILE\n');
  process.exit(2);
}
const options = nodeOptionsSchema.parse(JSON.parse(await readFile(launchPath, 'utf8')));
const { nodeId, hostName, runtimeDirectory, datastorePath } = options;
const logger = pino(
  { base: { vsanNode: nodeId, pid: process.pid } },
  pino.destination({ dest: options.logPath, append: true, sync: true }),
);
process.on('uncaughtException', (error) => {
  logger.fatal(error);
  process.exit(1);
});

const lock = await acquireDiskLock({
  descriptorPath: `${options.directory}.node`,
  owner: { hostUuid: nodeId, hostName, vmId: 'vsan' },
  clock: systemClock,
  random: systemRandom,
});
// Another node has the directory: not one more write may come from here.
lock.onLost((reason) => {
  logger.fatal(reason);
  process.exit(1);
});

const { bootId } = await identifyProcess(process.pid);
const node = await VsanNode.open({
  ...options,
  machineId: bootId,
  pid: process.pid,
  clock: systemClock,
});
const token = randomBytes(24).toString('base64url');
await mkdir(runtimeDirectory, { recursive: true, mode: 0o700 });
const nbdPath = join(runtimeDirectory, `${nodeId.slice(0, 8)}.nbd`);
const rpcPath = join(runtimeDirectory, `${nodeId.slice(0, 8)}.rpc`);
const nbd = new NbdServer({
  exports: node.exports.all,
  // An owner's term and id are in the name: nobody else knows it.
  unlisted: true,
  clock: systemClock,
  log: (message) => logger.info(message),
});
await nbd.listenUnix(nbdPath);
await unlink(rpcPath).catch((error: unknown) => {
  if (errnoOf(error) !== 'ENOENT') throw error;
});
const rpc = createRpcServer({ token, rpcs: node.rpcs(), logger });
await new Promise<void>((resolve, reject) => {
  rpc.once('error', reject).listen(rpcPath, resolve);
});
const places = { rpc: { path: rpcPath }, nbd: { path: nbdPath } };
await registerNode(datastorePath, { nodeId, hostName, ...places, token });
logger.info({ directory: options.directory }, 'serving');
process.send?.({ ready: true });
process.on('disconnect', () => undefined);

process.once('SIGTERM', () => {
  rpc.close();
  nbd.close();
  void lock.release().then(() => process.exit(0));
});
