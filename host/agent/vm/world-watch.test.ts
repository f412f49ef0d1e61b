// Tests of the watchdog with real processes: a VM whose filter loops or leaks is ended and the
// filter named, one that waits is left alone, and another VM works on meanwhile.
import { execFile } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { sleep } from '#lib/base/clock.ts';
import { systemClock } from '#lib/base/system-clock.ts';
import { COMMANDS } from '#lib/formats/nbd/constants.ts';
import { type Fault, toFaultRecord } from '#lib/model/fault.ts';
import { troubleOf as faultTrouble, type VmTrouble } from '#lib/model/vm-trouble.ts';
import { identifyProcess, type ProcessIdentity } from '../../datastore/process-identity.ts';
import { TestClient } from '../../nbd/test-client.ts';
import { BusyNeighbour } from '../../world/busy-neighbour.ts';
import { type RunningWorld, WorldHarness } from '../../world/world-harness.ts';
import { WorldWatch } from './world-watch.ts';

/** What the neighbour must get done while the other one misbehaves. */
const IOS = 100;
const WATCHDOG_MS = 2_000;
const logger = pino({ level: 'silent' });

let harness: WorldHarness;
let neighbour: BusyNeighbour;
let disks = 0;
let watched = true;
let ticking: Promise<void> = Promise.resolve();

beforeAll(async () => {
  harness = await WorldHarness.create();
  neighbour = await BusyNeighbour.start(harness, 0);
});

beforeEach(() => {
  watched = true;
});

afterEach(async () => {
  watched = false;
  await ticking;
});

afterAll(async () => {
  await neighbour.stop();
  await harness.dispose();
});

async function startWith(body: string): Promise<RunningWorld> {
  const source = `const kept = [];
    export default { kind: 'partial', safeBecause: 'a test', name: 'bad', class: 'inspection',
      apiVersion: 1, summary: '', statistics: [], properties: [],
      open(context) { return { ${body} }; } };`;
  const filter = await harness.makeFilter('bad', source);
  disks += 1;
  return harness.start(await harness.makeLaunch([await harness.makeDisk(disks)], [filter]));
}

const troubleOf = (thrown: unknown): VmTrouble =>
  faultTrouble(toFaultRecord(thrown), (name) => `Acme_${name}_1`);

/** Watches the world as its host does. */
async function watch(world: RunningWorld, memoryMaxMib = 1024): Promise<WorldWatch> {
  const who: ProcessIdentity = await identifyProcess(world.status.pid);
  const watching = new WorldWatch({
    ...{
      host: { clock: systemClock, logger, troubleOf },
      client: world.client,
      watchdogMs: WATCHDOG_MS,
    },
    vmName: () => 'web01',
    process: () => who,
    filters: () => ['bad'],
    memoryMaxMib: () => memoryMaxMib,
  });
  ticking = (async () => {
    while (watched) {
      watching.tick();
      await sleep(systemClock, 200);
    }
  })();
  return watching;
}

/** One write, whose answer may never come. */
async function provoke(world: RunningWorld): Promise<void> {
  const client = await TestClient.connect({ path: world.launch.nbdSocketPath });
  const data = Buffer.alloc(4096);
  client.request({ command: COMMANDS.write, data }).catch(() => 'the world was ended');
}

/** Until the world is gone; the neighbour works meanwhile. */
async function endOf(world: RunningWorld, watching: WorldWatch): Promise<Fault | null> {
  while (world.child.exitCode === null && world.child.signalCode === null) {
    await neighbour.progress(IOS);
  }
  expect(world.child.signalCode).toBe('SIGKILL');
  await neighbour.progress(IOS);
  return watching.takeEnd();
}

describe.each([
  ['write', 'write() { for (;;); }', 'looped in write on disk test/disk0.vmdk.'],
  ['completed', 'completed() { for (;;) kept.length = 0; }', 'looped in completed on disk test'],
  ['a hook of its own functions', 'write() { spin(); }', 'looped in write on disk test'],
  ['a built-in that never ends', 'write() { /^(a+)+$/.test("a".repeat(60) + "b"); }', 'in write'],
  [
    'a timer',
    'write() { context.clock.after(1, function later() { for (;;); }); }',
    'looped in later.',
  ],
  ['statistics', 'statistics() { for (;;); }', 'looped in statistics.'],
])('a filter that loops for ever in %s', (_, body, says) => {
  test('is named, and its VM alone is ended', async () => {
    const world = await startWith(body.replace('spin()', '(function spin() { for (;;); })()'));
    const watching = await watch(world);
    await provoke(world);
    if (body.startsWith('statistics')) world.client.sample().catch(() => 'it never answers');
    const why = await endOf(world, watching);
    expect(why?.fault).toBe('FilterFault');
    expect(why?.message).toContain('web01 was ended: the I/O filter bad ');
    expect(why?.message).toContain(says);
  }, 40_000);
});

describe.each([
  ['for another thread', 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);'],
  ['for a program', 'process.getBuiltinModule("child_process").execSync("sleep 600");'],
  ['at a pipe', 'process.getBuiltinModule("fs").openSync(FIFO);'],
])('a filter that has its process wait %s', (what, code) => {
  test('is named, and its VM alone is ended', async () => {
    const fifo = join(harness.directory, 'fifo');
    if (code.includes('FIFO')) await promisify(execFile)('mkfifo', [fifo]);
    const world = await startWith(`write() { ${code.replace('FIFO', JSON.stringify(fifo))} }`);
    const watching = await watch(world);
    await provoke(world);
    const why = await endOf(world, watching);
    expect(why?.fault).toBe('FilterFault');
    expect(why?.message).toContain(`the I/O filter bad had it wait ${what} for 2 s.`);
  }, 60_000);
});

test('nobody but the owner of a looping process learns where its debugger listens', async () => {
  const world = await startWith('write() { for (;;); }');
  await provoke(world);
  const log = `${world.launch.logPath}.stderr`;
  const { mode } = await stat(log);
  expect(mode & 0o077).toBe(0);
  await sleep(systemClock, 500);
  process.kill(world.status.pid, 'SIGUSR1');
  let port: string | undefined;
  while (port === undefined) {
    port = /127\.0\.0\.1:(\d+)/.exec(await readFile(log, 'utf8'))?.[1];
    await neighbour.progress(1);
  }
  for (const path of ['json', 'json/list', 'json/version']) {
    const { status } = await fetch(`http://127.0.0.1:${port}/${path}`);
    expect(status).toBe(404);
  }
}, 60_000);

test('a filter that takes ever more memory is named, and its VM alone is ended', async () => {
  const world = await startWith(
    'write() { setInterval(() => kept.push(new Uint8Array(8 << 20).fill(1)), 10); }',
  );
  const watching = await watch(world, 300);
  await provoke(world);
  const why = await endOf(world, watching);
  expect(troubleOf(why)).toMatchObject({ kind: 'filter', filterName: 'bad', operation: null });
  expect(why?.message).toMatch(
    /it took \d+ MiB, more than its limit of 300 MiB\. .* filter is bad\./,
  );
}, 60_000);

test('a process that waits without computing is left alone, and said to wait', async () => {
  const world = await startWith('');
  const watching = await watch(world);
  process.kill(world.status.pid, 'SIGSTOP');
  while (watching.trouble === null) await neighbour.progress(IOS);
  const message = 'The process does not answer: it waits for storage.';
  expect(watching.trouble).toEqual({ kind: 'storage', message });
  process.kill(world.status.pid, 'SIGCONT');
  while (watching.trouble !== null) await neighbour.progress(IOS);
  expect(world.child.exitCode).toBeNull();
  expect(watching.takeEnd()).toBeNull();
}, 60_000);
