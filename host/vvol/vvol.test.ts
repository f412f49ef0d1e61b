// Tests of vVols over a real provider process: binding, fencing, kill -9, growing and space.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { sleep } from '#lib/base/clock.ts';
import { randomHex } from '#lib/base/random.ts';
import { systemClock } from '#lib/base/system-clock.ts';
import { systemRandom } from '#lib/base/system-random.ts';
import { MIB } from '#lib/model/limits.ts';
import { readBytes, writeBytes } from '../nbd-client/backing-io.ts';
import { callPeer, type RpcPeer } from '../volumes/rpc-client.ts';
import * as calls from './provider-rpc.ts';
import { openVolume, providerOf } from './vvol-container.ts';

const PROVIDER = fileURLToPath(new URL('./provider-main.ts', import.meta.url));
const TOKEN = 'a token for the tests';
const SIZE = 8 * MIB;
let folder = '';
let child: ChildProcess | null = null;
let port = 0;
const states: string[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-vvol-'));
  states.length = 0;
  port = 0;
  await start();
});

afterEach(async () => {
  child?.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

/** On the port that it had before. */
async function start(): Promise<void> {
  const args = ['--directory', join(folder, 'volumes'), '--port', String(port)];
  const env = { ...process.env, SLUICE_VVOL_TOKEN: TOKEN, SLUICE_LOG_LEVEL: 'silent' };
  child = fork(PROVIDER, args, { env });
  const [message] = await once(child, 'message');
  port = z.object({ port: z.number() }).parse(message).port;
}

async function kill(): Promise<void> {
  const gone = child ? once(child, 'exit') : null;
  child?.kill('SIGKILL');
  await gone;
}

const provider = (): RpcPeer => providerOf({ provider: `http://127.0.0.1:${port}`, token: TOKEN });

async function createVolume(): Promise<string> {
  const id = randomHex(systemRandom, 16);
  await callPeer(provider(), calls.createVolume, { id, sizeBytes: SIZE });
  return id;
}

const bind = (id: string, holder = 'esx01', waitMs = 30_000) =>
  openVolume(provider(), id, {
    ...{ holder, waitMs, clock: systemClock },
    onState: (state) => states.push(state),
  });

test('owns one object for each volume', async () => {
  const id = await createVolume();
  const disk = await bind(id);
  expect(disk.sizeBytes).toBe(SIZE);
  expect(await writeBytes(disk, { offset: 4096, data: Buffer.alloc(8192, 3) })).toBe(0);
  expect(await disk.flush()).toBe(0);
  const { volumes } = await callPeer(provider(), calls.queryVolumes, { id });
  expect(volumes).toMatchObject([{ id, sizeBytes: SIZE, holder: 'esx01' }]);
  await expect(callPeer(provider(), calls.deleteVolume, { id })).rejects.toMatchObject({
    fault: 'ResourceInUse',
  });
  await disk.close();
  await callPeer(provider(), calls.resizeVolume, { id, sizeBytes: 2 * SIZE });
  const again = await bind(id);
  expect(again.sizeBytes).toBe(2 * SIZE);
  expect(await readBytes(again, 4096, 8192)).toEqual(Buffer.alloc(8192, 3));
  await again.close();
  await callPeer(provider(), calls.deleteVolume, { id });
  await expect(bind(id)).rejects.toMatchObject({ fault: 'NotFound' });
  const { capacityBytes, volumes: left } = await callPeer(provider(), calls.queryContainer, {});
  expect(capacityBytes).toBeGreaterThan(0);
  expect(left).toBe(0);
});

test('refuses who does not know the token', async () => {
  const peer = { ...provider(), token: 'another token, wrong' };
  await expect(callPeer(peer, calls.queryContainer, {})).rejects.toMatchObject({
    fault: 'NotAuthenticated',
  });
});

test('a holder that lost its binding writes nothing more', async () => {
  const id = await createVolume();
  const first = await bind(id, 'esx01', 500);
  expect(await writeBytes(first, { offset: 0, data: Buffer.alloc(4096, 1) })).toBe(0);
  const second = await bind(id, 'esx02');
  expect(await writeBytes(second, { offset: 0, data: Buffer.alloc(4096, 2) })).toBe(0);
  expect(await writeBytes(first, { offset: 0, data: Buffer.alloc(4096, 3) })).not.toBe(0);
  await first.close();
  expect(await readBytes(second, 0, 4096)).toEqual(Buffer.alloc(4096, 2));
  await second.close();
});

test('I/O outlives a kill of the provider', async () => {
  const id = await createVolume();
  const disk = await bind(id);
  const writes: Promise<number>[] = [];
  for (let index = 0; index < 200; index++) {
    const data = Buffer.alloc(4096, (index % 250) + 1);
    writes.push(writeBytes(disk, { offset: index * 4096, data }));
    if (index === 100) await kill();
  }
  await start();
  expect(new Set(await Promise.all(writes))).toEqual(new Set([0]));
  const read = await readBytes(disk, 0, 200 * 4096);
  expect(read.every((byte, at) => byte === (Math.floor(at / 4096) % 250) + 1)).toBe(true);
  expect(states).toEqual(['waiting', 'connected']);
  await disk.close();
}, 60_000);

test('I/O fails after the limit when the provider stays away', async () => {
  const id = await createVolume();
  const disk = await bind(id, 'esx01', 300);
  await kill();
  expect(await writeBytes(disk, { offset: 0, data: Buffer.alloc(4096) })).toBe(5);
  while (states.at(-1) !== 'lost') await sleep(systemClock, 20);
  await start();
  while (states.at(-1) !== 'connected') await sleep(systemClock, 20);
  expect(await writeBytes(disk, { offset: 0, data: Buffer.alloc(4096) })).toBe(0);
  await disk.close();
}, 60_000);
