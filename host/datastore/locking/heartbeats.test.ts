// Tests of the heartbeats by which locks on VMFS live: what is written, what a host loses that
// hangs or is cut off, and that it writes nothing when it comes back.
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Clock, sleep } from '#lib/base/clock.ts';
import { systemClock } from '#lib/base/system-clock.ts';
import { systemRandom } from '#lib/base/system-random.ts';
import { LOCK_BREAK_MS, LOCK_LEASE_MS, LOCK_RENEW_MS } from '#lib/model/limits.ts';
import { DATASTORE_MARKER } from '../datastore.ts';
import { acquireDiskLock, type DiskLock } from '../disk-lock.ts';
import { type ProcessTable, systemProcesses } from '../process-identity.ts';
import { type SmallFiles, systemFiles } from '../small-files.ts';
import { sweepHeartbeats } from './heartbeat-folder.ts';
import { Heartbeats } from './heartbeats.ts';

let root = '';
const hosts: TestHost[] = [];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'sluice-beat-'));
  await mark('VMFS');
});

afterEach(async () => {
  for (const host of hosts.splice(0)) await host.end();
  await rm(root, { recursive: true, force: true });
});

async function mark(type: string): Promise<void> {
  await writeFile(join(root, DATASTORE_MARKER), JSON.stringify({ format: 1, id: 'ds', type }));
}

/** A host in this process: its own heartbeats, and files that may be cut off and are counted. */
class TestHost {
  readonly name: string;
  readonly clock: Clock;
  /** Paths that were written, each time. */
  readonly written: string[] = [];
  readonly #files: SmallFiles;
  readonly #processes: ProcessTable;
  readonly #heartbeats: Heartbeats;
  readonly #locks: DiskLock[] = [];
  #cutOff = Promise.resolve();
  skippedMs = 0;
  /** How often it has waited for a holder to give a sign of life. */
  waits = 0;
  reconnect = (): void => undefined;

  constructor(name: string) {
    hosts.push(this);
    this.name = name;
    const monotonic = (): number => systemClock.monotonic() + this.skippedMs;
    this.clock = {
      ...{ ...systemClock, monotonic },
      after: (milliseconds, callback) => {
        if (milliseconds < LOCK_RENEW_MS) this.waits += 1;
        return systemClock.after(milliseconds, callback);
      },
    };
    const counted = async (path: string, write: () => Promise<void>): Promise<void> => {
      await this.#cutOff;
      this.written.push(path.slice(root.length + 1));
      await write();
    };
    this.#files = {
      ...systemFiles,
      read: (path, max) => this.#cutOff.then(() => systemFiles.read(path, max)),
      list: (path) => this.#cutOff.then(() => systemFiles.list(path)),
      write: (path, data, how) => counted(path, () => systemFiles.write(path, data, how)),
      overwrite: (path, data) => counted(path, () => systemFiles.overwrite(path, data)),
      rename: (from, to) => counted(to, () => systemFiles.rename(from, to)),
    };
    // On another machine: nobody here can see whether it lives, or end it.
    this.#processes = {
      ...systemProcesses,
      identify: async (pid) => ({ ...(await systemProcesses.identify(pid)), bootId: name }),
    };
    const parts = { clock: this.clock, random: systemRandom, files: this.#files };
    this.#heartbeats = new Heartbeats(parts);
  }

  cutOff(): void {
    this.#cutOff = new Promise((resolve) => {
      this.reconnect = resolve;
    });
  }

  async take(disk: string): Promise<DiskLock> {
    const lock = await acquireDiskLock({
      descriptorPath: join(root, 'vm', `${disk}.vmdk`),
      owner: { hostUuid: this.name, hostName: this.name, vmId: 'vm-1' },
      ...{ clock: this.clock, random: systemRandom, files: this.#files },
      ...{ processes: this.#processes, heartbeats: this.#heartbeats },
    });
    this.#locks.push(lock);
    return lock;
  }

  async end(): Promise<void> {
    this.reconnect();
    for (const lock of this.#locks) await lock.release();
  }
}

function heartbeats(): Promise<string[]> {
  return readdir(join(root, '.heartbeats'));
}

test('one write a second keeps all locks of a host on a datastore', async () => {
  const host = new TestHost('esx01');
  const locks = [await host.take('a'), await host.take('b'), await host.take('c')];
  expect(await heartbeats()).toHaveLength(1);
  const [id = ''] = await heartbeats();
  host.written.length = 0;
  const startedAt = systemClock.monotonic();
  while (host.written.length < 3) await sleep(systemClock, 50);
  const seconds = (systemClock.monotonic() - startedAt) / LOCK_RENEW_MS;
  expect(seconds).toBeGreaterThan(2);
  expect(host.written).toEqual(Array.from({ length: 3 }, () => join('.heartbeats', id)));
  expect(locks.map((lock) => lock.isHeld())).toEqual([true, true, true]);

  host.written.length = 0;
  for (const lock of locks) await lock.release();
  const released = host.written.filter((path) => !path.startsWith('.heartbeats'));
  expect(released).toEqual(['a', 'b', 'c'].map((disk) => `vm/${disk}.vmdk.lck/epoch-1`));
  expect(await heartbeats()).toEqual([]);
});

test('on NFS each lock is renewed in its own file', async () => {
  await mark('NFS');
  const host = new TestHost('esx01');
  for (const disk of ['a', 'b']) await host.take(disk);
  await expect(heartbeats()).rejects.toMatchObject({ code: 'ENOENT' });
  host.written.length = 0;
  while (host.written.length < 4) await sleep(systemClock, 50);
  expect(new Set(host.written)).toEqual(
    new Set(['vm/a.vmdk.lck/epoch-1', 'vm/b.vmdk.lck/epoch-1']),
  );
});

test('a holder that beats is not mistaken for one that is gone, and is named', async () => {
  await new TestHost('esx01').take('a');
  await expect(new TestHost('esx02').take('a')).rejects.toMatchObject({
    fault: 'FileLocked',
    message: expect.stringContaining('esx01'),
  });
});

test('a host that hangs loses all its locks; its next ones have another heartbeat', async () => {
  const host = new TestHost('esx01');
  const reasons: string[] = [];
  const locks = [await host.take('a'), await host.take('b')];
  for (const lock of locks) lock.onLost((reason) => reasons.push(reason));
  const [before] = await heartbeats();
  host.skippedMs = LOCK_LEASE_MS;
  expect(locks.map((lock) => lock.isHeld())).toEqual([false, false]);
  host.skippedMs = 0;
  expect(locks.map((lock) => lock.isHeld())).toEqual([false, false]);
  expect(reasons).toHaveLength(2);
  const next = await host.take('c');
  expect(next.isHeld()).toBe(true);
  expect((await heartbeats()).filter((id) => id !== before)).toHaveLength(1);
});

test('a heartbeat that somebody removes takes all its locks along', async () => {
  const host = new TestHost('esx01');
  const locks = [await host.take('a'), await host.take('b')];
  const lost = Promise.all(locks.map((lock) => new Promise((resolve) => lock.onLost(resolve))));
  await rm(join(root, '.heartbeats'), { recursive: true });
  expect(new Set(await lost)).toEqual(new Set(['The heartbeat of this host was removed.']));
  expect(await readdir(root)).not.toContain('.heartbeats');
});

test('a host that was cut off loses all disks after one wait, and comes back quietly', async () => {
  const [lost, heir] = [new TestHost('esx01'), new TestHost('esx02')];
  const before = [await lost.take('a'), await lost.take('b'), await lost.take('c')];
  lost.cutOff();
  const startedAt = systemClock.monotonic();
  const first = await heir.take('a');
  expect(systemClock.monotonic() - startedAt).toBeGreaterThanOrEqual(LOCK_BREAK_MS);
  // What it has waited for once it needs not wait for again.
  const { waits } = heir;
  const after = [first, await heir.take('b'), await heir.take('c')];
  expect(heir.waits).toBe(waits);
  expect(before.map((lock) => lock.isHeld())).toEqual([false, false, false]);

  lost.written.length = 0;
  lost.reconnect();
  await sleep(systemClock, 3 * LOCK_RENEW_MS);
  // The one that hung when it was cut off lands, in its own file.
  expect(lost.written.length).toBeLessThanOrEqual(1);
  for (const lock of before) await lock.release();
  expect(lost.written.filter((path) => path.startsWith('vm/'))).toEqual([]);
  expect(after.map((lock) => lock.isHeld())).toEqual([true, true, true]);
  expect(after.map(({ epoch }) => epoch)).toEqual([2, 2, 2]);
}, 90_000);

test('heartbeats of the dead are swept, those of the living and the unknown are not', async () => {
  const host = new TestHost('esx01');
  await host.take('a');
  const [alive = ''] = await heartbeats();
  const who = await systemProcesses.identify(process.pid);
  const dead = { process: { ...who, startTicks: '1' } };
  await writeFile(join(root, '.heartbeats', 'f'.repeat(32)), JSON.stringify(dead));
  await writeFile(join(root, '.heartbeats', 'torn'), '{"process":');
  await sweepHeartbeats(root, systemFiles, systemProcesses);
  expect((await heartbeats()).sort()).toEqual([alive, 'torn'].sort());
});
