// The one entry of `npm start`, `npm test` and their like: plain JavaScript without dependencies,
// so that it runs on a fresh clone with any Node from 20 on. It installs, generates and builds what
// is missing or stale, then hands over to Node 24, which comes with the packages.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const OLDEST_NODE_TO_INSTALL = 20;
const OLDEST_NODE_TO_RUN = 24;
const MODES = [
  ...['start', 'dev', 'test', 'bench', 'sim', 'build', 'build-vibs', 'db'],
  ...['new-filter', 'certify'],
];

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const bin = at('node_modules', '.bin');
const startedAt = Date.now();
const environment = {
  ...process.env,
  PATH: bin + path.delimiter + (process.env.PATH ?? ''),
  NEXT_TELEMETRY_DISABLED: '1',
  CHECKPOINT_DISABLE: '1',
  // A world starts in half the time, and a quarter smaller, from code compiled before.
  NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? at('.build', 'compile-cache'),
};

const [mode = 'start', ...rest] = process.argv.slice(2);
if (!MODES.includes(mode)) fail(`unknown mode ${mode}: one of ${MODES.join(', ')}`);
if (majorOf(process.versions.node) < OLDEST_NODE_TO_INSTALL) refuseNode(process.versions.node);
process.chdir(root);
install();
const node = findNode();
generateClient();
prepare();

/** What each mode needs, then the mode itself. */
function prepare() {
  if (mode === 'db') handOver('scripts/db.ts', rest);
  else if (mode === 'sim') handOver('scripts/sim/main.ts', rest);
  else if (mode === 'new-filter') handOver('scripts/new-filter/main.ts', rest);
  else if (mode === 'certify') handOver('scripts/certify/main.ts', rest);
  else if (mode === 'build-vibs' && rest.length > 0) handOver('scripts/build-vibs/main.ts', rest);
  else if (mode === 'build-vibs') buildVibs(true);
  else if (mode === 'build') {
    buildVibs(false);
    buildConsole();
  } else {
    buildVibs(false);
    if (mode === 'start' || mode === 'bench') buildConsole();
    if (mode === 'test') handOver('scripts/test/main.ts', rest);
    else if (mode === 'bench') handOver('scripts/bench/main.ts', rest);
    else handOver('scripts/supervisor/main.ts', mode === 'dev' ? ['--dev', ...rest] : rest);
  }
}

function install() {
  const ci = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  const script = process.env.npm_execpath;
  const viaNode = script !== undefined && /\.c?js$/.test(script);
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  whenStale('install', ['package-lock.json'], existsSync(bin), () => {
    if (viaNode) run('Installing packages', process.execPath, [script, ...ci]);
    else run('Installing packages', npm, ci);
  });
}

function generateClient() {
  const made = existsSync(at('lib/controller/database/generated/client.ts'));
  const prisma = at('node_modules/prisma/build/index.js');
  whenStale('prisma', ['prisma/schema.prisma', 'package-lock.json'], made, () =>
    runQuietly('Generating the database client', node, [
      ...[prisma, 'generate', '--no-hints', '--config', 'prisma/prisma.config.ts'],
    ]),
  );
}

function buildVibs(always) {
  const sources = [
    'filters',
    'lib/filter-sdk',
    'lib/base',
    'lib/formats/vib',
    'scripts/build-vibs',
  ];
  const made = !always && existsSync(at('.build/vibs'));
  whenStale('vibs', sources, made, () =>
    runQuietly('Building the filters into VIBs', node, ['scripts/build-vibs/main.ts']),
  );
}

function buildConsole() {
  const sources = ['app', 'components', 'lib', 'prisma/schema.prisma'];
  const settings = ['next.config.js', 'package.json', 'package-lock.json', 'tsconfig.json'];
  const made = existsSync(at('.next/BUILD_ID'));
  whenStale('console', [...sources, ...settings], made, () =>
    run('Building the console', node, [at('node_modules/next/dist/bin/next'), 'build']),
  );
}

/** Does the work unless it was done for sources of the same content. */
function whenStale(name, sources, made, work) {
  const stamp = at('node_modules', '.setup', name);
  const hash = digest(sources);
  if (made && existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return;
  work();
  mkdirSync(path.dirname(stamp), { recursive: true });
  writeFileSync(stamp, hash);
}

function digest(sources) {
  const hash = createHash('sha256');
  for (const file of sources.flatMap(filesBelow)) hash.update(file).update(readFileSync(at(file)));
  return hash.digest('hex');
}

/** Every source file below a path, in a fixed order; neither tests nor what is generated. */
function filesBelow(name) {
  if (!existsSync(at(name))) return [];
  if (statSync(at(name)).isFile()) return /\.test\.tsx?$/.test(name) ? [] : [name];
  const children = readdirSync(at(name)).sort();
  const ours = children.filter((child) => child !== 'generated' && !child.startsWith('.'));
  return ours.flatMap((child) => filesBelow(path.join(name, child)));
}

/** Our own Node from the packages where there is one for this platform, else the user's. */
function findNode() {
  const own = at('node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node');
  if (existsSync(own)) return own;
  if (majorOf(process.versions.node) < OLDEST_NODE_TO_RUN) refuseNode(process.versions.node);
  return process.execPath;
}

function refuseNode(version) {
  const [install, run] = [OLDEST_NODE_TO_INSTALL, OLDEST_NODE_TO_RUN];
  fail(
    `Node ${version} is too old. On Linux (x64, arm64) Node ${install} or newer is enough, since ` +
      `Node ${run} then comes with the packages; elsewhere install Node ${run} or newer.`,
  );
}

function run(what, command, args) {
  say(`${what} …`);
  judge(what, spawnSync(command, args, { stdio: 'inherit', env: environment }));
}

/** The same, with its output shown only when it fails. */
function runQuietly(what, command, args) {
  say(`${what} …`);
  const result = spawnSync(command, args, { encoding: 'utf8', env: environment });
  if (result.status !== 0) process.stderr.write(`${result.stdout}${result.stderr}`);
  judge(what, result);
}

function judge(what, { status, signal, error }) {
  if (status === 0) return;
  fail(`${what} failed: ${error ? error.message : (signal ?? `exit code ${status}`)}`);
}

/** Runs the mode's program in our place: its output, its exit code, and the signals that we get. */
function handOver(script, args) {
  if (!['db', 'new-filter', 'certify', 'build-vibs'].includes(mode)) say('Ready to run');
  const child = spawn(node, [script, ...args], { stdio: 'inherit', env: environment });
  // A terminal sends SIGINT to the whole group; the others come to this process alone.
  process.on('SIGINT', () => {});
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => fail(error.message));
  child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)));
}

function majorOf(version) {
  return Number(version.split('.')[0]);
}

function at(...names) {
  return path.join(root, ...names);
}

function say(text) {
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
  process.stdout.write(`[setup ${seconds} s] ${text}\n`);
}

function fail(text) {
  process.stderr.write(`${text}\n`);
  process.exit(1);
}
