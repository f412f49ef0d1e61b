// Tests of vSAN objects over real node processes: the loss of one host, its return, a split, and
// what an owner that was replaced may still do.
import { afterEach, expect, test } from 'vitest';
import { sleep } from '#lib/base/clock.ts';
import { systemClock } from '#lib/base/system-clock.ts';
import { NBD_ERRORS } from '#lib/formats/nbd/errno.ts';
import { MIB } from '#lib/model/limits.ts';
import { readBytes, writeBytes } from '../nbd-client/backing-io.ts';
import { TestVsan } from './test-vsan.ts';
import { objectHealth, vsanSpace } from './vsan-datastore.ts';

const SIZE = 32 * MIB;
let vsan: TestVsan | null = null;

afterEach(async () => {
  await vsan?.dispose();
  vsan = null;
});

const block = (byte: number, bytes = 4096): Buffer => Buffer.alloc(bytes, byte);

test('keeps two copies, and finds them clean again', async () => {
  vsan = await TestVsan.create(3);
  const uuid = await vsan.createObject(SIZE);
  const object = await vsan.open(uuid);
  await vsan.until(object, 'healthy');
  expect(object.sizeBytes).toBe(SIZE);
  expect(await writeBytes(object, { offset: 8192, data: block(7) })).toBe(0);
  expect(await object.flush()).toBe(0);
  expect(await readBytes(object, 8192, 4096)).toEqual(block(7));
  await object.close();
  const { data } = await vsan.placesOf(uuid);
  const [a, b] = await Promise.all(data.map((node) => vsan?.dataOf(node, uuid)));
  expect(a?.subarray(8192, 12288)).toEqual(block(7));
  expect(a && b?.equals(a)).toBe(true);
  expect(await objectHealth(vsan.datastorePath, uuid)).toMatchObject({
    state: 'healthy',
    bytesToResync: 0,
  });
  const again = await vsan.open(uuid);
  expect(again.status().state).toBe('healthy');
  const { nodes, capacityBytes } = await vsanSpace(vsan.datastorePath);
  expect(nodes).toBe(3);
  expect(capacityBytes).toBeGreaterThan(0);
});

test('serves through the loss of a copy during writes, and copies only what changed', async () => {
  vsan = await TestVsan.create(3);
  const uuid = await vsan.createObject(SIZE);
  const object = await vsan.open(uuid);
  const { data } = await vsan.placesOf(uuid);
  const [near = '', far = ''] = data;
  expect(near).toBe('host1');
  const results: Promise<number>[] = [];
  for (let index = 0; index < 200; index++) {
    results.push(writeBytes(object, { offset: index * 8192, data: block(index) }));
    if (index === 100) await vsan.kill(far);
  }
  expect(new Set(await Promise.all(results))).toEqual(new Set([0]));
  expect(object.status().state).toBe('reducedRedundancy');
  const health = await objectHealth(vsan.datastorePath, uuid);
  expect(health.state).toBe('reducedRedundancy');
  expect(health.bytesToResync).toBeLessThanOrEqual(4 * MIB);
  expect(await writeBytes(object, { offset: 20 * MIB, data: block(99) })).toBe(0);
  await vsan.start(far);
  await vsan.until(object, 'healthy');
  expect(vsan.log.join('\n')).toContain('up to date');
  // Now the one that was away is the only one.
  await vsan.kill(near);
  expect(await readBytes(object, 20 * MIB, 4096)).toEqual(block(99));
  for (const index of [0, 99, 100, 101, 199]) {
    expect(await readBytes(object, index * 8192, 4096)).toEqual(block(index));
  }
}, 60_000);

test('waits while no copy is there, and goes on', async () => {
  vsan = await TestVsan.create(3);
  const uuid = await vsan.createObject(SIZE);
  const object = await vsan.open(uuid);
  const { data } = await vsan.placesOf(uuid);
  for (const node of data) await vsan.kill(node);
  const written = writeBytes(object, { offset: 0, data: block(5) });
  const read = readBytes(object, 4096, 4096);
  await vsan.until(object, 'inaccessible');
  for (const node of data) await vsan.start(node);
  expect(await written).toBe(0);
  expect(await read).toEqual(block(0));
  await vsan.until(object, 'healthy');
}, 60_000);

test('the minority of a split writes nothing, and never again once it was replaced', async () => {
  vsan = await TestVsan.create(3);
  const uuid = await vsan.createObject(SIZE);
  const { data, witness } = await vsan.placesOf(uuid);
  const [near = '', far = ''] = data;
  const times = { waitMs: 1_500, answerMs: 500 };
  const mine = await vsan.view('first');
  const first = await vsan.open(uuid, { times, view: mine });
  expect(await writeBytes(first, { offset: 0, data: block(1) })).toBe(0);
  // The first owner reaches its own copy alone.
  mine.cut(far, witness);
  expect(await writeBytes(first, { offset: 0, data: block(2) })).toBe(NBD_ERRORS.EIO);
  expect(first.status().state).toBe('inaccessible');
  // The second owner reaches all but that copy.
  const others = await vsan.view('second');
  others.cut(near);
  const second = await vsan.open(uuid, { localNodeId: far, times, view: others });
  expect(await writeBytes(second, { offset: 0, data: block(3) })).toBe(0);
  expect(await writeBytes(first, { offset: 0, data: block(4) })).not.toBe(0);
  mine.mend();
  await vsan.until(first, 'fenced');
  expect(await writeBytes(first, { offset: 0, data: block(5) })).toBe(NBD_ERRORS.ESHUTDOWN);
  expect(await readBytes(second, 0, 4096)).toEqual(block(3));
  others.mend();
  await vsan.until(second, 'healthy');
  expect(await readBytes(second, 0, 4096)).toEqual(block(3));
  await second.close();
  for (const node of data) {
    expect((await vsan.dataOf(node, uuid)).subarray(0, 4096)).toEqual(block(3));
  }
}, 60_000);

test('makes copies alike after an owner that died between two of them', async () => {
  vsan = await TestVsan.create(3);
  const uuid = await vsan.createObject(SIZE);
  const first = await vsan.open(uuid);
  const { data } = await vsan.placesOf(uuid);
  // Many under way when the next owner comes: some copies have them, some have not.
  const writes = Array.from({ length: 400 }, (_, index) =>
    writeBytes(first, { offset: (index % 64) * 4096, data: block((index % 250) + 1) }),
  );
  const second = await vsan.open(uuid);
  await Promise.all(writes);
  await vsan.until(second, 'healthy');
  await second.close();
  const [a, b] = await Promise.all(data.map((node) => vsan?.dataOf(node, uuid)));
  expect(a && b?.equals(a)).toBe(true);
}, 60_000);

test('builds a component anew on another host after the delay', async () => {
  vsan = await TestVsan.create(4);
  const uuid = await vsan.createObject(SIZE);
  const object = await vsan.open(uuid, { times: { rebuildAfterMs: 500 } });
  expect(await writeBytes(object, { offset: 5 * MIB, data: block(8) })).toBe(0);
  const before = await vsan.placesOf(uuid);
  await vsan.kill(before.data[1] ?? '');
  while ((await vsan.placesOf(uuid)).data.includes(before.data[1] ?? '')) {
    await sleep(systemClock, 50);
  }
  await vsan.until(object, 'healthy');
  const after = await vsan.placesOf(uuid);
  expect(await vsan.dataOf(after.data[1] ?? '', uuid)).toHaveLength(SIZE);
  await vsan.kill(before.data[0] ?? '');
  expect(await readBytes(object, 5 * MIB, 4096)).toEqual(block(8));
}, 60_000);

test('grows', async () => {
  vsan = await TestVsan.create(3);
  const uuid = await vsan.createObject(SIZE);
  const grown = await vsan.open(uuid, { growToBytes: 2 * SIZE });
  expect(grown.sizeBytes).toBe(2 * SIZE);
  expect(await writeBytes(grown, { offset: 2 * SIZE - 4096, data: block(1) })).toBe(0);
  await grown.close();
  const again = await vsan.open(uuid);
  expect(await readBytes(again, 2 * SIZE - 4096, 4096)).toEqual(block(1));
}, 60_000);
