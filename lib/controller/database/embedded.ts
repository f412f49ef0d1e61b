// A real PostgreSQL server of our own, on a data directory of ours: what stands in for DATABASE_URL
// on one machine. It listens on loopback alone, asks for a password, syncs what it commits, and
// outlives the death of its parent, so that the next start may take it over.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';
import { backoffMs } from '../../base/backoff.ts';
import { type Clock, sleep } from '../../base/clock.ts';
import { type Random, randomHex } from '../../base/random.ts';
import { Fault } from '../../model/fault.ts';
import { chooseServerAccount, type ServerAccount } from './embedded-account.ts';
import { type EmbeddedBinaries, findEmbeddedBinaries } from './embedded-binaries.ts';
import { chooseFreePort } from './free-port.ts';

const USER = 'sluice';
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 10_000;
const RETRY = { firstMs: 30, maxMs: 500 };

export interface EmbeddedOptions {
  /** Folder of the server's data, password and port; made when missing. */
  directory: string;
  /** Name of the database; made when missing. */
  database: string;
  clock: Clock;
  random: Random;
  /** Takes each line that the server logs. */
  log: (line: string) => void;
}

export interface EmbeddedServer {
  /** Connection string of the database, with the password in it. */
  url: string;
  pid: number;
  /** True when a server that ran already was taken over. */
  adopted: boolean;
  isAlive(): boolean;
  /** Ends all connections and stops the server, by force after ten seconds. */
  stop(): Promise<void>;
}

interface Place {
  options: EmbeddedOptions;
  binaries: EmbeddedBinaries;
  account: ServerAccount;
  /** PostgreSQL's data directory. */
  data: string;
  password: string;
}

interface Listening {
  pid: number;
  port: number;
}

/**
 * Starts the server, or takes over the one that runs on this directory. `SystemError` when it does
 * not come up.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedServer> {
  const { directory, database, clock } = options;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const place: Place = {
    options,
    binaries: await findEmbeddedBinaries(),
    account: chooseServerAccount(),
    data: path.join(directory, 'data'),
    password: await keepPassword(options),
  };
  await initialise(place);
  const running = await findRunning(place);
  const { pid, port } = running ?? (await launch(place));
  await createDatabase(urlOf(place, port, 'postgres'), database);
  return {
    url: urlOf(place, port, database),
    pid,
    adopted: running !== null,
    isAlive: () => isProcessAlive(pid),
    stop: () => stop(pid, clock),
  };
}

/**
 * Makes a database unless it exists. The name must be an identifier of ours, not a user's input.
 */
export async function createDatabase(adminUrl: string, name: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
    if (found.rowCount === 0) await client.query(`CREATE DATABASE ${pg.escapeIdentifier(name)}`);
  } finally {
    await client.end();
  }
}

async function keepPassword({ directory, random }: EmbeddedOptions): Promise<string> {
  const file = path.join(directory, 'password');
  if (!existsSync(file)) await writeFile(file, randomHex(random, 24), { mode: 0o600 });
  return (await readFile(file, 'utf8')).trim();
}

/**
 * Builds the data directory beside its place and renames it, so that a kill leaves nothing half
 * made.
 */
async function initialise({ data, account, binaries, password }: Place): Promise<void> {
  const version = path.join(data, 'PG_VERSION');
  if (existsSync(version)) return refuseOtherVersion(version, binaries.majorVersion);
  const fresh = `${data}.new`;
  const passwordFile = `${data}.password`;
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh, { mode: 0o700 });
  if (account.ids) {
    await chown(fresh, account.ids.uid, account.ids.gid);
    await chmod(path.dirname(data), 0o711);
  }
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  if (account.ids) await chown(passwordFile, account.ids.uid, account.ids.gid);
  const { file, args } = account.command(binaries.initdb, [
    ...['-D', fresh, '-U', USER, `--pwfile=${passwordFile}`, '-A', 'scram-sha-256'],
    ...['--encoding=UTF8', '--locale=C', '--no-instructions'],
  ]);
  const result = spawnSync(file, args, { ...account.ids, encoding: 'utf8' });
  await rm(passwordFile, { force: true });
  if (result.status !== 0) {
    throw new Fault('SystemError', `initdb failed ${account.description}: ${result.stderr}`);
  }
  await rename(fresh, data);
}

async function refuseOtherVersion(versionFile: string, wanted: string): Promise<void> {
  const found = (await readFile(versionFile, 'utf8')).trim();
  if (found === wanted) return;
  throw new Fault(
    'SystemError',
    `The embedded database was made by PostgreSQL ${found}, this is ${wanted}: ` +
      'move its data with pg_upgrade, or by dump and restore.',
  );
}

/** The server that holds the data directory and answers, if there is one. */
async function findRunning(place: Place): Promise<Listening | null> {
  const holder = await readHolder(place.data);
  if (!holder || !isProcessAlive(holder.pid)) return null;
  return (await answers(urlOf(place, holder.port, 'postgres'))) ? holder : null;
}

async function launch(place: Place): Promise<Listening> {
  const { clock } = place.options;
  const until = clock.monotonic() + START_TIMEOUT_MS;
  // A server that was killed leaves children behind for a moment, which hold its shared memory: try
  // again.
  for (let attempt = 0; ; attempt++) {
    const port = await keepPort(place.options.directory);
    const started = await tryLaunch(place, port);
    if (started.pid !== null) return { pid: started.pid, port };
    if (clock.monotonic() > until) {
      throw new Fault('SystemError', `PostgreSQL did not start: ${started.tail}`);
    }
    await sleep(clock, backoffMs(RETRY, attempt));
  }
}

async function tryLaunch(
  { options, account, binaries, data, password }: Place,
  port: number,
): Promise<{ pid: number | null; tail: string }> {
  const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'fsync=on'];
  settings.push('max_connections=100', 'shared_buffers=64MB', 'log_checkpoints=off');
  const { file, args } = account.command(binaries.postgres, [
    ...['-D', data, '-p', String(port)],
    ...settings.flatMap((setting) => ['-c', setting]),
  ]);
  // Its own process group: a terminal's Ctrl-C is for the supervisor alone.
  const stdio: ['ignore', 'ignore', 'pipe'] = ['ignore', 'ignore', 'pipe'];
  const child = spawn(file, args, { ...account.ids, stdio, detached: true });
  let tail = '';
  let ended = false;
  child.once('error', (error) => {
    ended = true;
    tail = error.message;
  });
  child.once('exit', () => {
    ended = true;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    tail = (tail + text).slice(-2000);
    for (const line of text.split('\n')) if (line !== '') options.log(line);
  });
  const url = `postgresql://${USER}:${password}@127.0.0.1:${port}/postgres`;
  const until = options.clock.monotonic() + START_TIMEOUT_MS;
  while (!ended && options.clock.monotonic() < until) {
    if (await answers(url)) return { pid: (await readHolder(data))?.pid ?? null, tail };
    await sleep(options.clock, RETRY.firstMs);
  }
  if (!ended) child.kill('SIGQUIT');
  return { pid: null, tail };
}

/**
 * The port of the last start when it is free, so that clients find the server again after a
 * restart.
 */
async function keepPort(directory: string): Promise<number> {
  const file = path.join(directory, 'port');
  const last = existsSync(file) ? Number(await readFile(file, 'utf8')) : 0;
  const port = await chooseFreePort('127.0.0.1', last);
  if (port !== last) await writeFile(file, String(port), { mode: 0o600 });
  return port;
}

/** Reads postmaster.pid: the process id on its first line, the port on its fourth. */
async function readHolder(data: string): Promise<Listening | null> {
  const file = path.join(data, 'postmaster.pid');
  if (!existsSync(file)) return null;
  const lines = (await readFile(file, 'utf8')).split('\n');
  const [pid, port] = [Number(lines[0]), Number(lines[3])];
  return pid > 0 && port > 0 ? { pid, port } : null;
}

async function answers(connectionString: string): Promise<boolean> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 2000 });
  // The connection's end is reported twice; the rejected call below is the one that counts.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('SELECT 1');
    return true;
  } catch {
    // Whatever the reason: it does not answer yet.
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function stop(pid: number, clock: Clock): Promise<void> {
  if (!isProcessAlive(pid)) return;
  process.kill(pid, 'SIGINT');
  const until = clock.monotonic() + STOP_TIMEOUT_MS;
  while (isProcessAlive(pid) && clock.monotonic() < until) await sleep(clock, RETRY.firstMs);
  if (isProcessAlive(pid)) process.kill(pid, 'SIGQUIT');
}

function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives, and belongs to another account.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function urlOf(place: Place, port: number, database: string): string {
  return `postgresql://${USER}:${place.password}@127.0.0.1:${port}/${database}`;
}
