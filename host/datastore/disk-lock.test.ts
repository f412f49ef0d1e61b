// Tests of the disk lock: alone, against a clock that jumps, and with racing, killed and stopped
// processes.
import { type ChildProcess, execFile, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Clock } from '#lib/base/clock.ts';
import { sleep } from '#lib/base/clock.ts';
import { systemClock } from '#lib/base/system-clock.ts';
import { systemRandom } from '#lib/base/system-random.ts';
import { LOCK_LEASE_MS } from '#lib/model/limits.ts';
import { DATASTORE_MARKER } from './datastore.ts';
import { acquireDiskLock } from './disk-lock.ts';
import { Heartbeats } from './locking/heartbeats.ts';
import { systemProcesses } from './process-identity.ts';

let folder = '';
let descriptorPath = '';
let log = '';
const children: ChildProcess[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-lock-'));
  descriptorPath = join(folder, 'a.vmdk');
  log = join(folder, 'log');
  await writeFile(log, '');
});

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

const owner = { hostUuid: 'u1', hostName: 'esx01', vmId: 'vm-7' };

function take(clock: Clock = systemClock) {
  const heartbeats = new Heartbeats({ clock, random: systemRandom });
  return acquireDiskLock({ descriptorPath, owner, clock, random: systemRandom, heartbeats });
}

/** On VMFS locks live by a heartbeat, elsewhere by leases of their own. */
const TYPES = ['NFS', 'VMFS'];

async function onDatastore(type: string): Promise<void> {
  await writeFile(join(folder, DATASTORE_MARKER), JSON.stringify({ format: 1, id: 'ds', type }));
}

test('refuses a second holder, naming the host, and gives way after release', async () => {
  const first = await take();
  expect(first.isHeld()).toBe(true);
  await expect(take()).rejects.toMatchObject({
    fault: 'FileLocked',
    message: expect.stringContaining('esx01'),
    data: owner,
  });
  await first.release();
  expect(first.isHeld()).toBe(false);
  const second = await take();
  expect(second.epoch).toBe(first.epoch + 1);
  await second.release();
});

test('a holder that could not renew within its lease does not hold, and says so once', async () => {
  let skippedMs = 0;
  const clock: Clock = { ...systemClock, monotonic: () => systemClock.monotonic() + skippedMs };
  const lock = await take(clock);
  const reasons: string[] = [];
  lock.onLost((reason) => reasons.push(reason));
  expect(lock.isHeld()).toBe(true);
  skippedMs = LOCK_LEASE_MS;
  expect(lock.isHeld()).toBe(false);
  skippedMs = 0;
  expect(lock.isHeld()).toBe(false);
  expect(reasons).toHaveLength(1);
  await lock.release();
});

test('a lock whose file is removed is lost at the next renewal', async () => {
  const lock = await take();
  const lost = new Promise<string>((resolve) => lock.onLost(resolve));
  await rm(`${descriptorPath}.lck`, { recursive: true });
  expect(await lost).toContain('removed');
  expect(lock.isHeld()).toBe(false);
  await lock.release();
});

test('a lock file of garbage is no licence to take the lock at once', async () => {
  const lock = await take();
  await lock.release();
  await writeFile(join(`${descriptorPath}.lck`, `epoch-${lock.epoch}`), '{"state":"rel');
  const waiting = take();
  await sleep(systemClock, 600);
  await writeFile(join(`${descriptorPath}.lck`, `epoch-${lock.epoch}`), 'changed');
  await expect(waiting).rejects.toMatchObject({ fault: 'FileLocked' });
});

test.each(TYPES)(
  'racing processes, some killed, never hold a lock on %s together',
  async (type) => {
    await onDatastore(type);
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    const running = names.map((name, index) => contend(name, index < 2 ? 100_000 : 25, 8));
    const victims = running.slice(0, 2);
    for (const victim of victims) await killInside(victim);
    for (const { exited } of running) await exited;
    const dead = new Set(victims.map((victim) => victim.name));
    const entered = checkLog(await readLog(), dead);
    for (const name of names.slice(2)) expect(entered.get(name)).toBe(25);
  },
  120_000,
);

test.each(TYPES)(
  'a stopped holder elsewhere is broken on %s, and knows it then',
  async (type) => {
    await onDatastore(type);
    const sleeper = contend('sleeper', 1, 60_000, 'elsewhere');
    await logged('enter sleeper');
    sleeper.child.kill('SIGSTOP');
    const heir = contend('heir', 1, 1_500);
    await logged('enter heir');
    sleeper.child.kill('SIGCONT');
    await heir.exited;
    await sleeper.exited;
    const lines = await readLog();
    const after = lines.slice(lines.findIndex((line) => line.startsWith('enter heir')));
    expect(after.filter((line) => line.startsWith('io sleeper'))).toEqual([]);
    expect(lines.some((line) => line.startsWith('lost sleeper'))).toBe(true);
    expect(lines.some((line) => line.startsWith('leave heir'))).toBe(true);
  },
  60_000,
);

test.each(TYPES)(
  'a holder on %s stopped after its question never writes',
  async (type) => {
    await onDatastore(type);
    const path = join(folder, 'a-flat.vmdk');
    await writeFile(path, 'fresh');
    const program = new URL('./locking/stale-writer-main.ts', import.meta.url).pathname;
    const stale = fork(program, [descriptorPath, path]);
    children.push(stale);
    const exited = once(stale, 'exit');
    await once(stale, 'message');
    const heir = await take();
    // It was ended before the lock changed hands: waking it does nothing.
    stale.kill('SIGCONT');
    expect(await exited).toEqual([null, 'SIGKILL']);
    expect(heir.isHeld()).toBe(true);
    expect(await readFile(path, 'utf8')).toBe('fresh');
    await heir.release();
  },
  60_000,
);

test('what a dead holder started and still runs keeps its lock from being free', async () => {
  const child = "require('child_process').spawn('sleep', ['600'], { stdio: 'ignore' });";
  const holder = spawn(process.execPath, ['-e', `${child} setTimeout(() => {}, 600000);`], {
    ...{ detached: true, stdio: 'ignore' },
  });
  children.push(holder);
  const pid = holder.pid ?? 0;
  const who = await systemProcesses.identify(pid);
  while ((await sessionOf(pid)).length < 2) await sleep(systemClock, 20);
  const gone = once(holder, 'exit');
  holder.kill('SIGKILL');
  await gone;
  expect(await systemProcesses.isProvablyDead(who)).toBe(false);
  expect(await systemProcesses.end(who, systemClock)).toBe('ended');
  expect(await systemProcesses.isProvablyDead(who)).toBe(true);
});

test('ends no process that runs another program, nor one elsewhere, nor itself', async () => {
  const other = spawn('sleep', ['600'], { stdio: 'ignore' });
  children.push(other);
  const who = await systemProcesses.identify(other.pid ?? 0);
  expect(await systemProcesses.end(who, systemClock)).toBe('alive');
  expect(other.exitCode).toBeNull();
  const elsewhere = { ...who, bootId: 'another machine' };
  expect(await systemProcesses.end(elsewhere, systemClock)).toBe('unreachable');
  const own = await systemProcesses.identify(process.pid);
  expect(await systemProcesses.end(own, systemClock)).toBe('alive');
});

/** Processes of a session, as ps(1) tells. */
async function sessionOf(pid: number): Promise<string[]> {
  const { stdout } = await promisify(execFile)('ps', ['-o', 'pid=', '-s', String(pid)]).catch(
    () => ({ stdout: '' }),
  );
  return stdout.split('\n').filter((line) => line.trim() !== '');
}

interface Contender {
  name: string;
  child: ChildProcess;
  exited: Promise<unknown>;
}

function contend(name: string, rounds: number, holdMs: number, where = 'here'): Contender {
  const program = new URL('./locking/lock-contender-main.ts', import.meta.url).pathname;
  const args = [program, descriptorPath, log, name, String(rounds), String(holdMs), where];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  children.push(child);
  return { name, child, exited: once(child, 'exit') };
}

/** Kills a process while it holds the lock. */
async function killInside({ name, child, exited }: Contender): Promise<void> {
  await logged(`enter ${name}`);
  for (;;) {
    child.kill('SIGSTOP');
    const last = (await readLog()).findLast((line) => line.split(' ')[1] === name) ?? '';
    if (!last.startsWith('leave')) break;
    child.kill('SIGCONT');
    await sleep(systemClock, 3);
  }
  child.kill('SIGKILL');
  await exited;
}

async function logged(prefix: string): Promise<void> {
  for (let tries = 0; tries < 4_000; tries++) {
    if ((await readLog()).some((line) => line.startsWith(prefix))) return;
    await sleep(systemClock, 10);
  }
  throw new Error(`never logged: ${prefix}`);
}

async function readLog(): Promise<string[]> {
  return (await readFile(log, 'utf8')).split('\n').filter((line) => line !== '');
}

/**
 * Every entry follows the leave of the one before, or its death; epochs only grow. Returns entries
 * by name.
 */
function checkLog(lines: string[], dead: Set<string>): Map<string, number> {
  const entered = new Map<string, number>();
  let inside: string | null = null;
  let lastEpoch = 0;
  for (const line of lines) {
    const [what, name = '', epoch] = line.split(' ');
    if (what === 'enter') {
      if (inside !== null) expect([...dead]).toContain(inside);
      expect(Number(epoch)).toBeGreaterThan(lastEpoch);
      lastEpoch = Number(epoch);
      inside = name;
      entered.set(name, (entered.get(name) ?? 0) + 1);
    }
    if (what === 'io' || what === 'leave') expect(name).toBe(inside);
    if (what === 'leave') inside = null;
  }
  return entered;
}
