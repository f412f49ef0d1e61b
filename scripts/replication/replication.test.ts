// Tests of replication with real processes: a world under load, the filter's daemon, and a target;
// what the target has is compared with the disk, and any moment of it with what was written when.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { haveTools } from '#host/world/test-peers.ts';
import { WorldHarness } from '#host/world/world-harness.ts';
import { XorShift } from '#lib/filter-sdk/xor-shift.ts';
import { killRounds } from './kill-rounds.ts';
import { DISK_BYTES, ReplicationSite } from './replication-site.ts';
import { StampedLoad } from './stamped-load.ts';

const PATIENT = { timeout: 300_000 };

let harness: WorldHarness;
let site: ReplicationSite | null = null;

beforeEach(async () => {
  harness = await WorldHarness.create();
});
afterEach(async () => {
  await site?.stop();
  site = null;
  await harness.dispose();
});

function loadOn({ world }: ReplicationSite, seed = 1): StampedLoad {
  return new StampedLoad({
    socketPath: world.launch.nbdSocketPath,
    exportName: world.launch.vm.disks[0]?.unit ?? '',
    ...{ bytes: DISK_BYTES, random: new XorShift(seed) },
  });
}

test('a disk in use is copied, and any moment of it can be had', PATIENT, async () => {
  if (!haveTools('nbdcopy')) return;
  site = await ReplicationSite.start(harness);
  const load = loadOn(site);
  await load.run(() => false, 400);
  await site.settled();
  const before = await site.replica();
  await load.run(() => false, 800);
  await site.settled();
  const after = await site.replica();
  expect(after).toMatchObject({ needsResync: false, sending: true, damage: '' });
  const disk = await site.readDisk();
  expect((await site.readMoment(after.durable)).equals(disk)).toBe(true);
  for (let part = 0; part <= 4; part++) {
    const sequence = before.durable + Math.round(((after.durable - before.durable) * part) / 4);
    const image = await site.readMoment(sequence);
    expect(load.whatIsWrong(image), `record ${sequence}`).toBeNull();
  }
});

test('kill -9 of world, daemon and target: the copy becomes the disk', PATIENT, async () => {
  if (!haveTools('nbdcopy')) return;
  const victims = ['target', 'world', 'daemon', 'world'] as const;
  const result = await killRounds(harness, { random: new XorShift(11), victims });
  expect(result).toMatchObject({ kills: 4 });
  expect(result.moments + result.noMoments).toBe(8);
});
