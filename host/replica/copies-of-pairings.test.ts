// Tests of whose copies are whose: each pairing has its own, under names that others may use too,
// and sees nothing of theirs, until who runs the target gives them away.
import { mkdtemp, rm } from 'node:fs/promises';
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
