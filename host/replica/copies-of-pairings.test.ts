// Tests of whose copies are whose: each pairing has its own, under names that others may use too,
// and sees nothing of theirs, until who runs the target gives them away.
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { z } from 'zod';
import { systemClock } from '#lib/base/system-clock.ts';
import { systemRandom } from '#lib/base/system-random.ts';
import type { DaemonConnection } from '#lib/filter-sdk/filter.ts';
import { encodeRecord, parseRecordHeader } from '#lib/filter-sdk/replication-record.ts';
import type { Rpc } from '#lib/wire/agent/rpc.ts';
import {
  giveCopies,
  queryReplicas,
  queryWriteRate,
  raiseEra,
  serveMoment,
  stopServingMoment,
} from '#lib/wire/agent/target-rpc.ts';
import type { BoundRpc } from '../agent/rpc-server.ts';
import { systemDiskFiles } from '../disk/system-disk-files.ts';
import { ExportList } from '../volumes/export-list.ts';
import { Pairings } from './pairings.ts';
import type { ReplicaDisk } from './replica-disk.ts';
import { ServedMoments } from './served-moments.ts';
import { pairedRpcs, type TargetCallsParts, targetRpcs } from './target-calls.ts';
import { TargetLink } from './target-link.ts';
import { TargetStore } from './target-store.ts';

const SIZE = 65_536;
const DISK = { diskId: 'vm-1/2000', sizeBytes: SIZE };
const log = (): void => undefined;

let directory = '';

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-copies-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

async function open(): Promise<TargetCallsParts> {
  const base = { clock: systemClock, random: systemRandom };
  const store = await TargetStore.open({
    ...{ files: systemDiskFiles, directory: join(directory, 'copies'), segmentBytes: 65_536 },
    ...{ retention: { windowUs: 1e12, journalBytesMax: 1e9 }, exports: new ExportList() },
    ...{ ...base, log },
  });
  const pairings = await Pairings.open(join(directory, 'pairings.json'), base);
  const moments = await ServedMoments.open(join(directory, 'moments.json'), { store, log });
  return { store, pairings, moments, nbdPort: () => 1 };
}

function link(): TargetLink {
  const connection: DaemonConnection = {
    ...{ remoteAddress: '', send: () => true, close: log, onMessage: log, onClose: log },
  };
  return new TargetLink({
    ...{ connection, release: log, log },
    claim: () => Promise.reject(new Error('nothing comes over this connection')),
  });
}

async function call<In extends z.ZodType, Out extends z.ZodType>(
  rpcs: readonly BoundRpc[],
  rpc: Rpc<In, Out>,
  input: z.input<In>,
): Promise<z.output<Out>> {
  const bound = rpcs.find(({ name }) => name === rpc.name);
  if (bound === undefined) throw new Error(`${rpc.name} is not offered`);
  return rpc.output.parse(await bound.call(input, new AbortController().signal));
}

const STATE = 'state.json';

function inCopy({ folder }: ReplicaDisk, name: string): string {
  return join(directory, 'copies', folder, name);
}

/** As of a version that did not keep something yet. */
async function forget(path: string, ...names: readonly string[]): Promise<void> {
  const text = await readFile(path, 'utf8');
  await writeFile(
    path,
    JSON.stringify(JSON.parse(text, (name, value) => (names.includes(name) ? undefined : value))),
  );
}

/** All of the disk is written, and in the base; the answer is behind which record. */
async function fill(replica: ReplicaDisk, byte: number): Promise<number> {
  const { journal } = replica;
  const all = { session: 1, timeUs: 3, offset: 0, length: SIZE };
  const write = encodeRecord({ kind: 'write', sequence: 3, ...all }, Buffer.alloc(SIZE, byte));
  const mark = encodeRecord(
    { kind: 'mark', sequence: 4, session: 1, timeUs: 4, offset: 0, length: 1 },
    Buffer.from('m'),
  );
  for (const bytes of [write, mark]) {
    journal.append(parseRecordHeader(bytes), bytes);
    await journal.sync();
  }
  expect(await replica.rollOldest()).toBe(true);
  return 4;
}

/** Two records, behind which the copy is a moment of the disk. */
async function bringUpToDate({ journal }: ReplicaDisk): Promise<void> {
  for (const [at, kind] of (['resyncBegin', 'resyncEnd'] as const).entries()) {
    const place = { session: 1, sequence: at + 1, timeUs: at, offset: 0, length: 0 };
    const bytes = encodeRecord({ kind, ...place });
    journal.append(parseRecordHeader(bytes), bytes);
  }
  await journal.sync();
}

test('a pairing sees and changes its own copies alone, also when names are the same', async () => {
  const parts = await open();
  const [one, other] = [(await parts.pairings.pair()).id, (await parts.pairings.pair()).id];
  const [as, asOther] = [pairedRpcs(parts, one), pairedRpcs(parts, other)];
  const mine = await parts.store.claim(DISK, one, link());
  const at = { diskId: DISK.diskId, at: { sequence: 0 } };
  const span = { fromUs: 0, toUs: 1, buckets: 1 };
  for (const asked of [
    call(asOther, serveMoment, at),
    call(asOther, raiseEra, { diskId: DISK.diskId, era: 2 }),
    call(asOther, queryWriteRate, { diskIds: [DISK.diskId], ...span }),
  ]) {
    await expect(asked).rejects.toThrow('There is no copy of vm-1/2000 here.');
  }
  expect(mine.era).toBe(1);
  // Under the same name the other one has a copy of its own.
  const theirs = await parts.store.claim(DISK, other, link());
  expect(theirs).not.toBe(mine);
  expect(parts.store.isSending(mine)).toBe(true);
  await call(asOther, raiseEra, { diskId: DISK.diskId, era: 5 });
  const found = await call(as, queryReplicas, {});
  expect(found.replicas).toMatchObject([{ diskId: DISK.diskId, pairing: one, era: 1 }]);
  const all = await call(targetRpcs(parts), queryReplicas, {});
  expect(all.replicas).toHaveLength(2);
  await expect(call(targetRpcs(parts), serveMoment, at)).rejects.toThrow('Several pairings');
  expect(asOther.some(({ name }) => name === giveCopies.name)).toBe(false);
});

test('moments and copies stay whose they are, until who runs the target gives them', async () => {
  const first = await open();
  const [one, other] = [(await first.pairings.pair()).id, (await first.pairings.pair()).id];
  const replica = await first.store.claim(DISK, one, link());
  await bringUpToDate(replica);
  const at = { diskId: DISK.diskId, at: { sequence: 2 } };
  const { moment } = await call(pairedRpcs(first, one), serveMoment, at);
  const parts = await open();
  const [as, asOther] = [pairedRpcs(parts, one), pairedRpcs(parts, other)];
  const { exportName } = moment;
  expect((await call(asOther, queryReplicas, {})).moments).toEqual([]);
  await call(asOther, stopServingMoment, { exportName });
  expect((await call(as, queryReplicas, {})).moments).toMatchObject([{ exportName }]);
  const operator = targetRpcs(parts);
  await expect(call(operator, giveCopies, { from: one, to: 'x' })).rejects.toThrow('Nobody is');
  await call(operator, giveCopies, { from: one, to: other });
  expect((await call(as, queryReplicas, {})).replicas).toEqual([]);
  const again = pairedRpcs(await open(), other);
  const { replicas, moments } = await call(again, queryReplicas, {});
  expect(replicas).toMatchObject([{ diskId: DISK.diskId, pairing: other }]);
  expect(moments).toMatchObject([{ exportName }]);
});

test('who sends again gets a copy of its own, and the given one stays as it was', async () => {
  const first = await open();
  const [one, other] = [(await first.pairings.pair()).id, (await first.pairings.pair()).id];
  const given = await first.store.claim(DISK, one, link());
  await bringUpToDate(given);
  const newest = await fill(given, 0x5a);
  await first.moments.giveCopies(one, other);
  await first.store.raiseEra(DISK.diskId, 4, { pairing: other });
  const own = await (await open()).store.claim(DISK, one, link());
  expect(own).toMatchObject({ pairing: one, era: 1 });
  expect(own.folder).not.toBe(given.folder);
  const { store } = await open();
  const again = store.find(DISK.diskId, { pairing: other });
  expect(again).toMatchObject({ folder: given.folder, era: 4, windowStart: 3 });
  const image = Buffer.alloc(SIZE);
  await again.read(newest, 0, image);
  expect(image.equals(Buffer.alloc(SIZE, 0x5a))).toBe(true);
  expect((await store.claim(DISK, one, link())).folder).toBe(own.folder);
  // Of its own it has one now: it does not get the other one back.
  await store.giveCopies(other, one);
  expect(again.pairing).toBe(other);
});

test('a copy that cannot be opened is refused by name, and never made anew', async () => {
  const first = await open();
  const [one, other] = [(await first.pairings.pair()).id, (await first.pairings.pair()).id];
  const replica = await first.store.claim({ ...DISK, era: 3 }, one, link());
  // In a folder that has not the name of whose it is.
  await first.store.giveCopies(one, other);
  const base = inCopy(replica, 'base.img');
  await rename(base, `${base}.away`);
  const { store } = await open();
  expect(store.disks('anybody')).toEqual([]);
  await expect(store.claim(DISK, other, link())).rejects.toThrow(replica.folder);
  const own = await store.claim(DISK, one, link());
  expect(own.folder).not.toBe(replica.folder);
  await store.giveCopies(one, other);
  expect(own.pairing).toBe(one);
  await writeFile(inCopy(own, STATE), '{');
  await expect((await open()).store.claim(DISK, one, link())).rejects.toThrow(own.folder);
  await rename(`${base}.away`, base);
  await expect(store.claim(DISK, other, link())).rejects.toThrow('in era 3');
  expect(store.find(DISK.diskId, { pairing: other })).toMatchObject({ era: 3 });
});

test('a damaged state keeps its folder, until that is moved away', async () => {
  const first = await open();
  const replica = await first.store.claim({ ...DISK, era: 3 }, 'one', link());
  await writeFile(inCopy(replica, STATE), '{');
  const { store } = await open();
  await expect(store.claim(DISK, 'one', link())).rejects.toThrow(replica.folder);
  expect(await readFile(inCopy(replica, STATE), 'utf8')).toBe('{');
  // Of that disk, as far as is known; others are taken.
  await store.claim({ ...DISK, diskId: 'vm-2/2000' }, 'one', link());
  await rename(inCopy(replica, ''), join(directory, 'away'));
  const anew = await store.claim(DISK, 'one', link());
  expect(anew).toMatchObject({ folder: replica.folder, era: 1 });
});

test('what an attempt to make a copy has left is used again', async () => {
  const first = await open();
  const { folder } = await first.store.claim(DISK, 'one', link());
  await rm(join(directory, 'copies', folder, STATE));
  const again = await (await open()).store.claim(DISK, 'one', link());
  expect(again.folder).toBe(folder);
});

test('a target that is killed while copies are given serves their moments again', async () => {
  const first = await open();
  const replica = await first.store.claim(DISK, 'one', link());
  await bringUpToDate(replica);
  const { exportName } = await first.moments.serve(replica, 2);
  // What is served is not written down any more.
  await first.store.giveCopies('one', 'other');
  const { store } = await open();
  expect(store.moments({ pairing: 'other' })).toMatchObject([{ exportName, sequence: 2 }]);
  expect(store.moments({ pairing: 'one' })).toEqual([]);
});

test('moments of a file without folders are found by whose they are', async () => {
  const first = await open();
  const replica = await first.store.claim(DISK, 'one', link());
  await bringUpToDate(replica);
  await first.store.claim(DISK, 'other', link());
  const { exportName } = await first.moments.serve(replica, 2);
  const path = join(directory, 'moments.json');
  await forget(path, 'folder');
  const { store, moments } = await open();
  expect(store.moments({ pairing: 'one' })).toMatchObject([{ exportName }]);
  // Should it end within that, it finds them by their folders.
  await rename(inCopy(replica, ''), join(directory, 'away'));
  await expect(moments.giveCopies('one', 'new')).rejects.toThrow('cannot be written');
  expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({
    moments: [{ exportName, folder: replica.folder }],
  });
});

test("nobody's copy is given, or adopted, with what is served of it", async () => {
  const first = await open();
  const { id } = await first.pairings.pair();
  const replica = await first.store.claim(DISK, 'before', link());
  await bringUpToDate(replica);
  await first.moments.serve(replica, 2);
  await forget(inCopy(replica, STATE), 'pairing');
  await forget(join(directory, 'moments.json'), 'pairing', 'folder');
  const taken = await open();
  const [old] = (await call(targetRpcs(taken), queryReplicas, {})).replicas;
  expect(old).toMatchObject({ diskId: DISK.diskId, pairing: '' });
  await taken.store.claim(DISK, id, link());
  expect((await call(pairedRpcs(taken, id), queryReplicas, {})).moments).toHaveLength(1);
  await forget(inCopy(replica, STATE), 'pairing');
  const given = await open();
  await call(targetRpcs(given), giveCopies, { from: '', to: id });
  const { replicas, moments } = await call(pairedRpcs(given, id), queryReplicas, {});
  expect([replicas, moments]).toMatchObject([[{ pairing: id }], [{ sequence: 2 }]]);
});
