// Entry point of a filter's daemon, one process for each filter on a host: `node daemon-main.ts
// LAUNCH` with the launch as JSON. It ends with the host agent that started it, which starts it
// again.
import pino from 'pino';
import { systemClock } from '#lib/base/system-clock.ts';
import { systemRandom } from '#lib/base/system-random.ts';
import { FlashFolder } from '../flash/flash-folder.ts';
import {
  type DaemonLaunch,
  type DaemonReport,
  daemonLaunchSchema,
  daemonOrderSchema,
} from './daemon-launch.ts';
import { DaemonServer } from './daemon-server.ts';

/** What it does must be at its end by then, in milliseconds. */
const STOP_MS = 5_000;

const [text] = process.argv.slice(2);
if (text === undefined) {
  process.stderr.write('usage: node daemon-main.ts LAUNCH\n');
  process.exit(2);
}
const launch = daemonLaunchSchema.parse(JSON.parse(text));
const logger = pino(
  { base: { daemon: launch.name, pid: process.pid } },
  pino.destination({ dest: launch.logPath, append: true, sync: true }),
);

process.on('uncaughtException', (error) => {
  logger.fatal(error);
  process.exit(1);
});

const server = new DaemonServer({
  launch,
  clock: systemClock,
  pid: process.pid,
  ...(launch.flash && { flash: flashOf(launch.flash) }),
  onListening: (port) => report({ listening: port }),
  log(level, message) {
    if (level === 'warning') logger.warn(message);
    else logger[level](message);
  },
});

process.once('SIGTERM', stop);
process.once('disconnect', stop);

process.on('message', (message) => {
  server.setPeers(daemonOrderSchema.parse(message));
});

await server.start();
logger.info('started');
report({ ready: true });

function flashOf({ directory, hostUuid: id }: NonNullable<DaemonLaunch['flash']>): FlashFolder {
  const host = { id, name: launch.host.name };
  return new FlashFolder({ directory, capacityBytes: 0, host, random: systemRandom });
}

/** Its end, when the host is gone, is heard as a disconnection. */
function report(message: DaemonReport): void {
  process.send?.(message, undefined, {}, () => undefined);
}

function stop(): void {
  setTimeout(() => process.exit(1), STOP_MS);
  server.stop().then(
    () => process.exit(0),
    (thrown: unknown) => {
      logger.error(thrown, 'did not stop well');
      process.exit(1);
    },
  );
}
