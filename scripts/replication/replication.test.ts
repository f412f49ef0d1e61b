// Tests of replication with real processes: a world under load, the filter's daemon, and a target;
// what the target has is compared with the disk, and any moment of it with what was written when.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { TestClient } from '#host/nbd/test-client.ts';
import { haveTools } from '#host/world/test-peers.ts';
import { WorldHarness } from '#host/world/world-harness.ts';
import { XorShift } from '#lib/filter-sdk/xor-shift.ts';
import { COMMANDS } from '#lib/formats/nbd/constants.ts';
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

test(
  'a VM of two disks: checkpoints cut both at one moment, also when it has moved',
  PATIENT,
  async () => {
    if (!haveTools('nbdcopy')) return;
    site = await ReplicationSite.start(harness, { disks: 2 });
    await site.settled();
    const { nbdSocketPath: path, vm } = site.world.launch;
    const clients = await Promise.all(
      vm.disks.map(({ unit }) => TestClient.connect({ path }, { exportName: unit })),
    );
    const checkpoint = /^checkpoint-/;
    let written = 0;
    const writeUntil = async (checkpoints: number): Promise<void> => {
      for (;;) {
        written += 1;
        // One disk after the other, as a database writes its log before its data.
        for (const client of clients) {
          const data = new Uint8Array(new Uint32Array(128).fill(written).buffer);
          const { error } = await client.request({ command: COMMANDS.write, offset: 0, data });
          expect(error).toBe(0);
        }
        const found = (await site?.replica(1))?.bookmarks.filter(({ name }) =>
          checkpoint.test(name),
        );
        if ((found?.length ?? 0) >= checkpoints) return;
      }
    };
    await writeUntil(1);
    const resyncs = (await site.replica()).durable;
    await site.migrate();
    await writeUntil(2);
    await site.settled();
    const [first, second] = [await site.replica(0), await site.replica(1)];
    for (const { name, sequence } of second.bookmarks) {
      const other = first.bookmarks.find((each) => each.name === name);
      if (other === undefined) throw new Error(`${name} is on one disk alone`);
      const log = (await site.readMoment(other.sequence, 0)).readUInt32LE(0);
      const data = (await site.readMoment(sequence, 1)).readUInt32LE(0);
      expect([0, 1], `${name}: ${log}, ${data}`).toContain(log - data);
    }
    // The move has left no gap: its moment can be had.
    expect((await site.readMoment(resyncs)).readUInt32LE(0)).toBeGreaterThan(0);
    for (const client of clients) client.close();
  },
);

test('kill -9 of world, daemon and target: the copy becomes the disk', PATIENT, async () => {
  if (!haveTools('nbdcopy')) return;
  const victims = ['target', 'world', 'daemon', 'world'] as const;
  const result = await killRounds(harness, { random: new XorShift(11), victims });
  expect(result).toMatchObject({ kills: 4 });
  expect(result.moments + result.noMoments).toBe(8);
});
