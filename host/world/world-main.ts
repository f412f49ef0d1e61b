// Entry point of a world, the process of one powered-on VM: `node world-main.ts LAUNCH_FILE`.
// It lives on when its agent dies, and ends by itself when told to stop, when its VM has moved, or when it must.
import { readFile } from 'node:fs/promises';
import pino from 'pino';
import { systemClock } from '#lib/base/system-clock.ts';
import { systemRandom } from '#lib/base/system-random.ts';
import { ControlServer } from './control-server.ts';
import { worldLaunchSchema } from './launch.ts';
import { World } from './world.ts';

/** A world that cannot go on stays so long, for the agent to ask why, in milliseconds. */
const FAULTED_MS = 5_000;

const launchPath = process.argv[2];
if (launchPath === undefined) {
  process.stderr.write('usage: node world-main.ts LAUNCH_FILE\n');
  process.exit(2);
}
const launch = worldLaunchSchema.parse(JSON.parse(await readFile(launchPath, 'utf8')));
const logger = pino(
  { base: { world: launch.vm.vmId, pid: process.pid } },
  pino.destination({ dest: launch.logPath, append: true, sync: true }),
);

const world = new World({
  launch,
  clock: systemClock,
  random: systemRandom,
  pid: process.pid,
  resources() {
    const { user, system } = process.cpuUsage();
    return { cpuMicroseconds: user + system, residentBytes: process.memoryUsage.rss() };
  },
  log(level, message) {
    if (level === 'warning') logger.warn(message);
    else logger[level](message);
  },
  onFaulted() {
    setTimeout(() => process.exit(1), FAULTED_MS);
  },
});

const control = new ControlServer(
  {
    status: async () => world.status(),
    sample: async () => world.sample(),
    ioTrace: async ({ diskKey, afterSequence, limit }) => ({
      entries: world.disk(diskKey).trace(afterSequence, limit),
    }),
    setDiskFilters: ({ diskKey, filters }) => world.setDiskFilters(diskKey, filters),
    handOver: async () => ({ pauseMs: 0, heldIos: 0, connections: 0 }),
    activate: async () => ({}),
    goOn: async () => ({}),
    async stop() {
      await world.stop();
      setImmediate(end);
      return {};
    },
  },
  (message) => logger.warn(message),
);

process.on('SIGTERM', () => void world.stop().then(end));
process.on('uncaughtException', (error) => {
  logger.fatal(error);
  process.exit(1);
});

await control.listen(launch.controlSocketPath);
await world.open().catch((thrown: unknown) => world.fail(thrown));
logger.info({ state: world.state, port: world.server.port }, 'opened');

async function end(): Promise<void> {
  await control.close();
  process.exit(0);
}
