// Tests of encryption on real hosts: keys reach a VM's process and stand nowhere else, what is on
// the datastore is AES-256-XTS for OpenSSL as well, a VM moves while it is being encrypted, and
// kills of its process during every kind of walk lose nothing. ENCRYPTION_KILLS sets how many.
import { execFile } from 'node:child_process';
import { createDecipheriv, randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { systemRandom } from '#lib/base/system-random.ts';
import { seal } from '#lib/formats/sealed-box/sealed-box.ts';
import { MIB } from '#lib/model/limits.ts';
import * as calls from '#lib/wire/agent/host-rpc.ts';
import { encodeKeys } from '#lib/wire/agent/key-bytes.ts';
import { type GivenKey, putKeys, readFilterProgress, readKeyBox } from '#lib/wire/agent/key-rpc.ts';
import { eventually, type TestAgent, TestLab, testVm } from './test-agents.ts';

// Real processes on a busy machine: the limits only end what hangs.
vi.setConfig({ testTimeout: 1_800_000, hookTimeout: 180_000 });

const KILLS = Number(process.env.ENCRYPTION_KILLS ?? 8);
// Not the ones that block: connections to the agents would go stale unseen.
const run = promisify(execFile);
const SECTOR = 512;
const lab = new TestLab();
const vm = testVm(1);
const keys: GivenKey[] = ['key-1', 'key-2'].map((keyId) => ({
  ...{ provider: 'native', keyId },
  value: randomBytes(32).toString('base64'),
}));
/** What the guest has written, and was told is there. */
const known = randomBytes(64 * MIB);
let esx01: TestAgent;
let esx02: TestAgent;
let nbdPort = 0;
let wish: Record<string, string | number | boolean> = {
  keyProvider: 'native',
  keyId: 'key-1',
  generation: 1,
  decrypt: false,
};

beforeAll(async () => {
  await lab.openDepot();
  [esx01, esx02] = [await lab.addHost(1), await lab.addHost(2)];
  for (const host of [esx01, esx02]) await host.keyed(calls.installVib, lab.vib('encryption'));
  await esx01.keyed(calls.createVm, { vm, contents: [] });
  nbdPort = (await esx01.keyed(calls.powerOnVm, { vm })).nbdPort;
  writeFileSync(scratch('image'), known);
  await run('nbdcopy', ['--flush', scratch('image'), uri()]);
});

afterAll(() => lab.close());

function scratch(name: string): string {
  return join(lab.folder, name);
}

function uri(): string {
  return `nbd://127.0.0.1:${nbdPort}/scsi0%3A0`;
}

function filters() {
  return [{ name: 'encryption', class: 'encryption' as const, properties: wish }];
}

function spec(withFilter = true): calls.VmRunSpec {
  const disks = vm.disks.map((disk) => ({ ...disk, filters: withFilter ? filters() : [] }));
  return { ...vm, nbdPort, disks };
}

/** As the controller does. */
async function give(host: TestAgent, given = keys): Promise<void> {
  const { publicKey } = await host.call(readKeyBox, {});
  const parts = { purpose: 'vm-1', publicKey, random: systemRandom };
  const sealed = seal({ bytes: encodeKeys(given), ...parts });
  await host.call(putKeys, { vmId: 'vm-1', sealed });
}

/** Changes what the disk's properties ask for, as the controller does. */
async function want(change: typeof wish, host = esx01): Promise<void> {
  wish = { ...wish, ...change };
  await host.keyed(calls.setDiskFilters, { vm: spec(), diskKey: 2000, filters: filters() });
}

async function settled(host = esx01): Promise<void> {
  await eventually(async () => {
    const asked = host.call(readFilterProgress, { vmId: 'vm-1', diskKey: 2000 });
    const { progress } = await asked.catch(() => ({ progress: [] }));
    return progress[0]?.done;
  });
}

async function verify(): Promise<void> {
  const path = scratch('read-back');
  await run('nbdcopy', [uri(), path]);
  expect(Buffer.compare(readFileSync(path), known)).toBe(0);
}

/** Writes patterns at places of its own choice and flushes. */
async function write(count: number): Promise<void> {
  const commands = Array.from({ length: count }, () => {
    const length = (1 + (randomBytes(1)[0] ?? 0)) * SECTOR;
    const sectors = (known.length - length) / SECTOR;
    const offset = (randomBytes(4).readUInt32LE() % sectors) * SECTOR;
    const pattern = randomBytes(1)[0] ?? 0;
    known.fill(pattern, offset, offset + length);
    return ['-c', `write -P ${pattern} ${offset} ${length}`];
  });
  await run('qemu-io', ['-f', 'raw', ...commands.flat(), '-c', 'flush', uri()]);
}

function flat(): Buffer {
  return readFileSync(scratch('ds1/web01/web01-flat.vmdk'));
}

test('without its key a disk gets no encryption, and the fault names the key', async () => {
  await expect(want({})).rejects.toMatchObject({
    fault: 'KeyNotAvailable',
    data: { keyId: 'key-1', providerId: 'native' },
  });
});

test('what was there is encrypted in use, and OpenSSL reads it with the same key', async () => {
  await give(esx01);
  await want({});
  await write(20);
  await settled();
  await verify();
  const dataKey = dataKeyOf(readFileSync(scratch('ds1/web01/web01-encryption.vmfd')));
  const below = flat();
  for (let sector = 0; sector < known.length / SECTOR; sector += 997) {
    const tweak = Buffer.alloc(16);
    tweak.writeUInt32LE(sector);
    const [at, end] = [sector * SECTOR, (sector + 1) * SECTOR];
    const clear = createDecipheriv('aes-256-xts', dataKey, tweak).update(below.subarray(at, end));
    expect(Buffer.compare(clear, known.subarray(at, end))).toBe(0);
  }
});

/** From the sidecar's text, by the wrapping key alone. */
function dataKeyOf(sidecar: Buffer): Buffer {
  const found = /"keyId":"([^"]+)","generation":\d+,"wrapped":"([0-9a-f]+)"/.exec(
    sidecar.toString('latin1'),
  );
  const { value = '' } = keys.find(({ keyId }) => keyId === found?.[1]) ?? {};
  const iv = Buffer.alloc(8, 0xa6);
  const unwrap = createDecipheriv('id-aes256-wrap', Buffer.from(value, 'base64'), iv);
  return unwrap.update(Buffer.from(found?.[2] ?? '', 'hex'));
}

test('no key stands in any file of the lab', async () => {
  const secrets = keys.flatMap(({ value }) => {
    const bytes = Buffer.from(value, 'base64');
    return [bytes, Buffer.from(value), Buffer.from(bytes.toString('hex'))];
  });
  const dataKey = dataKeyOf(readFileSync(scratch('ds1/web01/web01-encryption.vmfd')));
  for (const path of filesIn(lab.folder)) {
    const bytes = await readFile(path);
    for (const secret of [...secrets, dataKey]) expect(bytes.includes(secret)).toBe(false);
  }
});

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => existsSync(path) && statSync(path).isFile());
}

test('its process and its host leave no core dump', async () => {
  const { stdout } = await run('pgrep', ['-f', `agent-main.ts .*${scratch('esx01')}`]);
  const pids = [(await esx01.world('vm-1'))?.pid, Number(stdout)];
  for (const pid of pids) {
    expect(readFileSync(`/proc/${pid}/limits`, 'utf8')).toMatch(/Max core file size +1 +1 /);
  }
});

test('an agent that was killed has lost the keys, asks for them by name, and goes on', async () => {
  await esx01.end('SIGKILL');
  const { stdout } = await run('pgrep', ['-f', `world-main.ts ${scratch('esx01')}`]);
  const pid = Number(stdout);
  process.kill(pid, 'SIGKILL');
  await esx01.start();
  const world = await eventually(async () => {
    const found = await esx01.world('vm-1');
    return found?.trouble?.kind === 'keyMissing' ? found : null;
  });
  expect(world.trouble).toMatchObject({ keyId: 'key-1', providerId: 'native' });
  await give(esx01);
  await eventually(async () => (await esx01.world('vm-1'))?.state === 'running');
  await verify();
});

test('a VM moves to another host while it gets a new data key, and back', async () => {
  await want({ generation: 2, walkMibPerSecond: 40 });
  for (const [from, to] of [
    [esx01, esx02],
    [esx02, esx01],
  ] as const) {
    await give(to);
    const ticket = await to.keyed(calls.prepareIncoming, { vm: spec() });
    await from.keyed(calls.migrateOut, { vmId: 'vm-1', ticket });
    expect(await to.keyed(calls.finishIncoming, { vmId: 'vm-1' })).toEqual({ arrived: true });
    await run('qemu-io', ['-f', 'raw', '-c', 'read 0 1M', uri()]);
  }
  await settled();
  await verify();
});

test(`${KILLS} kills during every kind of walk lose nothing that was flushed`, async () => {
  const turns = [
    () => want({ generation: Number(wish.generation) + 1, walkMibPerSecond: 60 }),
    () => want({ keyId: wish.keyId === 'key-1' ? 'key-2' : 'key-1', ...before() }),
    () => want({ decrypt: true }),
    () => want({ decrypt: false }),
  ];
  for (let kill = 0; kill < KILLS; kill++) {
    await turns[kill % turns.length]?.();
    await write(10);
    const { pid } = (await esx01.world('vm-1')) ?? {};
    expect(pid).toBeGreaterThan(0);
    if (pid) process.kill(pid, 'SIGKILL');
    // The host starts it by itself as well, but not for ever.
    await eventually(async () => pid && !existsSync(`/proc/${pid}`));
    await esx01.keyed(calls.powerOnVm, { vm: spec() });
    await verify();
    // Not always: a kill in the middle of what the last one has left.
    if (kill % 3 === 2) await settled();
  }
  await settled();
  await verify();
});

function before() {
  return { previousProvider: 'native', previousKeyId: String(wish.keyId) };
}

test('in clear text the filter leaves the disk; before, it does not', async () => {
  await want({ decrypt: false });
  await settled();
  const leave = () => esx01.keyed(calls.setDiskFilters, { vm: spec(), diskKey: 2000, filters: [] });
  await expect(leave()).rejects.toMatchObject({ fault: 'FilterFault' });
  await want({ decrypt: true });
  await settled();
  await leave();
  await verify();
  expect(Buffer.compare(flat(), known)).toBe(0);
  expect(existsSync(scratch('ds1/web01/web01-encryption.vmfd'))).toBe(false);
});

test('off, the disk of an encrypted VM is not opened without its key', async () => {
  // Its process has forgotten them when no disk wanted them any more.
  await expect(want({ decrypt: false })).rejects.toMatchObject({ fault: 'KeyNotAvailable' });
  await give(esx01);
  await want({});
  await settled();
  await esx01.keyed(calls.powerOffVm, { vmId: 'vm-1' });
  await expect(esx01.keyed(calls.powerOnVm, { vm: spec() })).rejects.toMatchObject({
    fault: 'KeyNotAvailable',
  });
  const off = { vm: spec(), diskKey: 2000, filters: [] };
  await expect(esx01.keyed(calls.setDiskFilters, off)).rejects.toMatchObject({
    fault: 'InvalidPowerState',
  });
  const wrong = keys.map((key) => ({ ...key, value: randomBytes(32).toString('base64') }));
  await give(esx01, wrong);
  await expect(esx01.keyed(calls.powerOnVm, { vm: spec() })).rejects.toMatchObject({
    fault: 'KeyNotAvailable',
    message: /not the one/,
  });
  await give(esx01);
  await esx01.keyed(calls.powerOnVm, { vm: spec() });
  await verify();
});
