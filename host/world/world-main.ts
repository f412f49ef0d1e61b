// Entry point of a world, the process of one powered-on VM: `node world-main.ts LAUNCH_FILE`. It
// lives on when its agent dies, and ends by itself when told to stop, when its VM has moved, or
// when it must.
import { readFile } from 'node:fs/promises';
import { flushCompileCache } from 'node:module';
import pino from 'pino';
import { systemClock } from '#lib/base/system-clock.ts';
import { systemRandom } from '#lib/base/system-random.ts';
import { Fault } from '#lib/model/fault.ts';
import { systemDiskFiles } from '../disk/system-disk-files.ts';
import { FlashFolder } from '../flash/flash-folder.ts';
import type { TakeOver } from '../migration/take-over.ts';
import { HostObjects } from '../volumes/host-objects.ts';
import { NO_STORAGE } from '../volumes/storage-config.ts';
import { ControlServer } from './control-server.ts';
import { worldLaunchSchema } from './launch.ts';
import { World } from './world.ts';

/** A world that cannot go on stays so long, for the agent to ask why, in milliseconds. */
const FAULTED_MS = 5_000;

/** A world to which nothing was handed over by then ends, in milliseconds. */
const WAITING_MS = 120_000;

/** One that has suspended its VM waits so long to be told to stop, in milliseconds. */
const SUSPENDED_MS = 10_000;

/** The last answers must be taken by then, in milliseconds. */
const END_MS = 2_000;

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

const objects = new HostObjects({
  storage: () => launch.storage ?? NO_STORAGE,
  host: launch.owner,
  clock: systemClock,
  random: systemRandom,
  log: (level, message) => (level === 'info' ? logger.info(message) : logger.warn(message)),
});

const world = new World({
  launch,
  clock: systemClock,
  random: systemRandom,
  files: { ...systemDiskFiles, objects },
  ...(launch.flash && { flash: flashOf(launch.flash) }),
  pid: process.pid,
  environment: inheritedEnvironment(),
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
    async readKeyBox() {
      return { publicKey: world.keys.box.publicKey };
    },
    async putKeys({ sealed }) {
      world.keys.addSealed(sealed);
      return {};
    },
    setDiskFilters: ({ diskKey, filters }) => world.setDiskFilters(diskKey, filters),
    async operate(params) {
      const result = await world.operate(params);
      // Whoever asked for it may have died: then the VM is started again, from where it stopped.
      if (params.operation.kind === 'suspend') setTimeout(() => void stop(), SUSPENDED_MS);
      return result;
    },
    async cancel({ mark }) {
      world.cancel(mark);
      return {};
    },
    async handOver({ ticket }) {
      const result = await world.handOver(ticket);
      logger.info(result, 'handed over');
      setImmediate(end);
      return result;
    },
    async activate(state, caller) {
      const incoming = await requireIncoming();
      caller.onGone(() => incoming.sourceGone());
      await incoming.activate(state).catch((thrown: unknown) => {
        world.fail(thrown);
        throw thrown;
      });
      return {};
    },
    async goOn() {
      (await requireIncoming()).goOn();
      logger.info({ port: world.port }, 'taken over');
      return {};
    },
    async stop() {
      await world.stop();
      setImmediate(end);
      return {};
    },
  },
  (message) => logger.warn(message),
);

process.on('SIGTERM', () => void stop());
process.on('uncaughtException', (error) => {
  logger.fatal(error);
  if (!world.strayException(error)) process.exit(1);
});
process.on('unhandledRejection', (thrown) => {
  logger.error({ err: thrown }, 'a promise was rejected and nobody looks');
  if (!world.strayRejection(thrown)) process.exit(1);
});

let takeOver: TakeOver | null = null;
await control.listen(launch.controlSocketPath);
await start().catch((thrown: unknown) => world.fail(thrown));
logger.info({ state: world.state, port: world.port }, 'started');
// Now, because most worlds end in a way that leaves no time for it. Does nothing without a cache.
flushCompileCache();

function flashOf(flash: { directory: string; capacityBytes: number }): FlashFolder {
  const { hostUuid, hostName } = launch.owner;
  return new FlashFolder({
    ...flash,
    host: { id: hostUuid, name: hostName },
    random: systemRandom,
  });
}

/**
 * Where programs are, how many threads do file I/O, and where Node keeps compiled code: with it a
 * world starts in half the time.
 */
function inheritedEnvironment(): Record<string, string> {
  const names = ['PATH', 'UV_THREADPOOL_SIZE', 'NODE_COMPILE_CACHE'];
  return Object.fromEntries(names.flatMap((name) => variable(name)));
}

function variable(name: string): [string, string][] {
  const value = process.env[name];
  return value === undefined ? [] : [[name, value]];
}

async function start(): Promise<void> {
  if (!launch.incoming) return world.open();
  takeOver = await world.waitForHandover();
  setTimeout(() => {
    if (world.state === 'waiting') process.exit(1);
  }, WAITING_MS);
}

async function requireIncoming(): Promise<TakeOver> {
  if (takeOver) return takeOver;
  throw new Fault('InvalidState', 'This process does not wait for a virtual machine.');
}

async function stop(): Promise<void> {
  await world.stop();
  await end();
}

async function end(): Promise<void> {
  // Whoever does not take its answer in time does not keep us.
  setTimeout(() => process.exit(0), END_MS);
  await control.close();
  process.exit(0);
}
