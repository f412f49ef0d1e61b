// `npm start`: the one parent of all processes. Database, migrations, host agents, the lab on the
// first start, controller and console come up in this order, are started again when they end, and
// stop in reverse.
import path from 'node:path';
import { forbidCoreDumps } from '#host/crypto/core-dumps.ts';
import { isPortFree } from '#lib/controller/database/free-port.ts';
import { keepSecret, makePrivateFolder } from './data-folder.ts';
import { openSupervisedDatabase } from './database.ts';
import { planHosts } from './host-plan.ts';
import { keepLab } from './kept-lab.ts';
import { openOutput } from './output.ts';
import { prepareDatabase } from './prepare-database.ts';
import { RunFile } from './run-file.ts';
import { Service, type ServiceOptions } from './service.ts';
import {
  describeAgent,
  describeController,
  describeProvider,
  describeTarget,
  describeWeb,
} from './services.ts';
import { readSettings, type Settings } from './settings.ts';
import { publishRoots } from './trusted-roots.ts';

const WEB_READY_MS = 90_000;
/** The development server compiles the first page when it is asked for. */
const WEB_COMPILED_MS = 300_000;
const POLL_MS = 150;
/** npm hands a Ctrl-C on that the terminal has sent already: so soon it is no second request. */
const SAME_REQUEST_MS = 1_000;

/** What has been started, in order, to be stopped in reverse. */
const stops: { stop: () => Promise<void>; kill: () => void }[] = [];
/** When the first request to stop came, in milliseconds; null while everything runs. */
let stoppingSince: number | null = null;

const settings = readOrExit();
makePrivateFolder(settings.dataFolder);
const output = openOutput(path.join(settings.dataFolder, 'logs'));
const runFile = new RunFile(settings.dataFolder, settings.publicUrl);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => void shutDown(`Stopping (${signal})`, 0));
}
try {
  runFile.claim();
  await startAll();
} catch (error) {
  const reason = error instanceof Error ? error.message : String(error);
  await shutDown(`Sluice cannot start: ${reason}`, 1);
}

async function startAll(): Promise<void> {
  const { dataFolder, address, port } = settings;
  if (!(await isPortFree(address, port))) {
    throw new Error(`${address}:${port} is taken. Free it, or choose another with PORT=….`);
  }
  const since = performance.now();
  const done = (what: string) => {
    output.say(`  ${((performance.now() - since) / 1000).toFixed(1)} s  ${what}`);
  };
  output.say(`Sluice starts, with its data in ${dataFolder}`);
  // All that is started inherits it.
  const dumps = await forbidCoreDumps();
  if (dumps) output.say(`  Core dumps cannot be forbidden, and would hold keys: ${dumps}`);

  const onPid = (pid: number | null) => runFile.set('database', pid);
  const database = await openSupervisedDatabase({ settings, output, onPid });
  stops.push({ stop: () => database.stop(), kill: () => undefined });
  done(`Database: ${database.description}`);

  const secretFile = path.join(dataFolder, 'secrets', 'auth');
  keepSecret(secretFile);
  const vibFolder = path.join(settings.projectRoot, '.build', 'vibs');
  const rootsFile = publishRoots(vibFolder, dataFolder);
  const context = { settings, databaseUrl: () => database.url, rootsFile, secretFile };

  const kept = keepLab(dataFolder, settings.lab);
  const planned = await planHosts(dataFolder, settings.agentPort, kept);
  const { provider, target } = planned;
  const hosts = planned.agents.flatMap((agent) => agent.hosts);
  const storage = startService(describeProvider(context, provider));
  const recoverySite = startService(describeTarget(context, target));
  const agents = planned.agents.map((agent) => startService(describeAgent(context, agent)));
  const passwordFile = path.join(dataFolder, 'secrets', 'admin-password');
  const adminPassword = settings.adminPassword ?? keepSecret(passwordFile, 16);
  // The lab is paired with it when it is seeded.
  await recoverySite.ready;
  const lab = await prepareDatabase({
    ...{ databaseUrl: database.url, dataFolder, vibFolder, rootsFile, secretFile },
    ...{ hosts, provider, target, adminPassword, knobs: kept.knobs },
  });
  done(`Tables: up to date${lab.seeded ? ', lab seeded' : ''}`);
  await Promise.all([storage, ...agents].map((service) => service.ready));
  done(`Host agents: ${kept.knobs ? hosts.length : hosts.map(({ name }) => name).join(', ')}`);

  const controller = startService(describeController(context));
  const web = startService(describeWeb(context));
  let knownUrl = database.url;
  database.watch((url) => {
    // They connect again by themselves, unless the server had to move to another port.
    if (url === knownUrl) return;
    knownUrl = url;
    for (const service of [controller, web]) service.restart();
  });
  await answering(settings.publicUrl);
  if (stoppingSince !== null) return;
  done('Console: answering');
  const isShown = !lab.adminSignedIn && settings.adminPassword === null;
  announce(settings, isShown ? adminPassword : null);
}

function startService(
  program: Omit<ServiceOptions, 'cwd' | 'onOutput' | 'onChange' | 'onMessage'>,
): Service {
  const service = new Service({
    ...program,
    cwd: settings.projectRoot,
    onOutput: output.line,
    onChange: (name, pid) => runFile.set(name, pid),
    onMessage: output.say,
  });
  stops.push({ stop: () => service.stop(), kill: () => service.kill() });
  if (stoppingSince === null) service.start();
  return service;
}

/** Waits until the console answers a request, whatever the answer. */
async function answering(url: string): Promise<void> {
  const patience = settings.development ? WEB_COMPILED_MS : WEB_READY_MS;
  const until = performance.now() + patience;
  while (stoppingSince === null) {
    try {
      await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(patience) });
      return;
    } catch (error) {
      if (performance.now() > until) throw new Error(`the console does not answer: ${error}`);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function announce({ publicUrl }: Settings, password: string | null): void {
  output.say(`\nSluice is ready: ${publicUrl}`);
  if (password === null) return;
  // To the terminal alone: the log keeps no password.
  process.stdout.write(`  User name:       admin\n  First password:  ${password}\n`);
}

async function shutDown(reason: string, exitCode: number): Promise<void> {
  if (stoppingSince !== null) {
    if (performance.now() - stoppingSince < SAME_REQUEST_MS) return;
    output.say('Killing what has not stopped yet');
    for (const started of stops) started.kill();
    runFile.release();
    process.exit(130);
  }
  stoppingSince = performance.now();
  output.say(reason);
  for (const started of stops.reverse()) await started.stop();
  runFile.release();
  output.say('Stopped');
  process.exit(exitCode);
}

function readOrExit(): Settings {
  try {
    return readSettings(process.env, process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
}
