// The database of a start: the user's server when there is one, else the embedded server, which is
// started again whenever it ends.
import path from 'node:path';
import { backoffMs } from '#lib/base/backoff.ts';
import { sleep } from '#lib/base/clock.ts';
import { systemClock } from '#lib/base/system-clock.ts';
import { systemRandom } from '#lib/base/system-random.ts';
import { type EmbeddedServer, startEmbedded } from '#lib/controller/database/embedded.ts';
import type { Output } from './output.ts';
import type { Settings } from './settings.ts';

const WATCH_MS = 500;
const RETRY = { firstMs: 250, maxMs: 15_000 };

export interface SupervisedDatabase {
  readonly url: string;
  /** What it is, for people. */
  readonly description: string;
  /** Calls back with the address after each restart of the server. */
  watch(onRestart: (url: string) => void): void;
  stop(): Promise<void>;
}

export interface DatabaseOptions {
  settings: Settings;
  output: Output;
  onPid: (pid: number | null) => void;
}

export async function openSupervisedDatabase(
  options: DatabaseOptions,
): Promise<SupervisedDatabase> {
  const { databaseUrl } = options.settings;
  return databaseUrl ? givenServer(databaseUrl) : startOwnServer(options);
}

function givenServer(url: string): SupervisedDatabase {
  const description = `PostgreSQL at ${new URL(url).host}`;
  return { url, description, watch: () => undefined, stop: async () => undefined };
}

async function startOwnServer(options: DatabaseOptions): Promise<SupervisedDatabase> {
  const { output, onPid } = options;
  const stopping = new AbortController();
  let server = await start(options);
  let watching: Promise<void> = Promise.resolve();
  const watch = async (onRestart: (url: string) => void) => {
    for (let failures = 0; !stopping.signal.aborted; ) {
      await sleep(systemClock, WATCH_MS, stopping.signal);
      if (stopping.signal.aborted || server.isAlive()) continue;
      onPid(null);
      output.say('The database ended, restarting it');
      try {
        server = await start(options);
        failures = 0;
        onRestart(server.url);
      } catch (error) {
        output.say(`The database does not start: ${String(error)}`);
        await sleep(systemClock, backoffMs(RETRY, failures++), stopping.signal);
      }
    }
  };
  return {
    get url() {
      return server.url;
    },
    description: `embedded PostgreSQL, ${server.adopted ? 'found running' : 'started'}`,
    watch: (onRestart) => {
      watching = watch(onRestart);
    },
    async stop() {
      stopping.abort();
      await watching;
      await server.stop();
    },
  };
}

async function start({ settings, output, onPid }: DatabaseOptions): Promise<EmbeddedServer> {
  const server = await startEmbedded({
    directory: path.join(settings.dataFolder, 'postgresql'),
    database: 'sluice',
    clock: systemClock,
    random: systemRandom,
    log: (line) => output.line('database', 'stdout', line),
  });
  onPid(server.pid);
  return server;
}
