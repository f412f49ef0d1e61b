// Tests of a line or a target that does not keep up: what it cannot take is read from the disk
// later, without a new beginning, whatever it has is a moment of the disk, and what can be is
// compressed on the way.
import { expect, test, vi } from 'vitest';
import { crc32c } from '#lib/base/crc32c.ts';
import { FilterHarness } from '#lib/filter-sdk/filter-harness.ts';
import { XorShift } from '#lib/filter-sdk/xor-shift.ts';
import replication from './index.ts';
import { TestDaemon, TestTarget } from './test-target.ts';

// The machine may be busy: the limit only ends what hangs.
vi.setConfig({ testTimeout: 120_000 });

const KIB = 1024;
const SIZE = 1024 * KIB;
/** More than may be under way for a disk. */
const FULL_BYTES = 24 * 1024 * KIB;
const PROPERTIES = {
  ...{ target: '127.0.0.1:9100', pairing: 'site-1', keyProvider: 'replication', keyId: 'site-1' },
  ...{ vm: 'vm-1', disk: '2000' },
};

class Site {
  readonly disk = new Uint8Array(SIZE);
  readonly target = new TestTarget(SIZE);
  readonly harness: FilterHarness;
  readonly daemon: TestDaemon;
  /** Checksums of all that the disk has been. */
  readonly moments = new Set<number>();
  wrong = 0;

  constructor(more: Record<string, string> = {}, takesPacked = false) {
    const properties = { ...PROPERTIES, ...more };
    const options = { disk: this.disk, daemon: true, properties };
    this.target.takesPacked = takesPacked;
    this.harness = new FilterHarness(replication, options);
    this.daemon = new TestDaemon(this.harness, this.target);
    this.harness.daemon?.setConnected(false);
    this.harness.daemon?.setConnected(true);
    this.target.onMoment = () => {
      if (!this.moments.has(crc32c(this.target.image))) this.wrong += 1;
    };
  }

  async write(offset: number, data: Uint8Array): Promise<void> {
    const io = this.harness.submit('write', offset, data);
    for (let tries = 0; io.state === 'deferred' && tries < 50; tries++) await this.daemon.run(1);
    this.harness.apply(io);
    this.moments.add(crc32c(this.disk));
    this.harness.finish(io);
  }

  get state(): Record<string, number> {
    return this.harness.filter.statistics?.() ?? {};
  }

  /** How often it began to be brought up to date. */
  get resyncs(): number {
    return this.target.records.filter(({ kind }) => kind === 'resyncBegin').length;
  }
}

test('a target that does not keep up is given the rest later, over the same opening', async () => {
  const site = new Site();
  await site.daemon.run();
  const opened = site.harness.daemon?.sent.length ?? 0;
  site.target.isSilent = true;
  const bytes = 256 * KIB;
  for (let written = 0; written < 2 * FULL_BYTES; written += bytes) {
    await site.write(0, new Uint8Array(bytes).fill(1 + (written / bytes) * 3));
  }
  await site.daemon.run();
  // What may be under way, and what is still to be read; not all that was written.
  expect(site.state.lagBytes).toBeLessThan(FULL_BYTES + 2 * SIZE);
  expect(site.state.state).toBe(3);
  site.target.speak();
  await site.daemon.run(2_000);
  expect(site.state).toMatchObject({ state: 2, lagBytes: 0 });
  expect(Buffer.compare(site.target.image, site.disk)).toBe(0);
  const openings = site.harness.daemon?.sent.slice(opened).filter(([type]) => type === 0);
  expect(openings).toEqual([]);
  expect(site.resyncs).toBe(2);
  const read = site.harness.below.log.filter((line) => line.startsWith('read'));
  expect(read.at(-1)).toBe('read 0+262144');
});

test('whatever load, silence and failures come: no record counts that is no moment', async () => {
  const random = new XorShift(3);
  const site = new Site();
  await site.daemon.run();
  for (let round = 0; round < 24; round++) {
    if (random.next() < 0.5) site.target.isSilent = true;
    else site.target.speak();
    const writes = Math.floor(random.next() * 40);
    for (let count = 0; count < writes; count++) {
      const sectors = 1 + Math.floor(random.next() * 1024);
      const offset = Math.floor(random.next() * (SIZE / 512 - sectors)) * 512;
      await site.write(offset, new Uint8Array(sectors * 512).fill(1 + random.next() * 255));
      if (random.next() < 0.1) fail(site, offset, sectors * 512);
      if (random.next() < 0.1) await site.daemon.run(1);
    }
  }
  site.target.speak();
  await site.daemon.run(5_000);
  expect(site.state).toMatchObject({ state: 2, lagBytes: 0 });
  expect(Buffer.compare(site.target.image, site.disk)).toBe(0);
  expect(site.resyncs).toBeGreaterThan(2);
  expect(site.moments.size).toBeGreaterThan(300);
  expect(site.wrong).toBe(0);
});

/** A write of which a part is done before it fails. */
function fail({ harness, disk, moments }: Site, offset: number, length: number): void {
  const io = harness.submit('write', offset, new Uint8Array(length).fill(9));
  if (io.state !== 'submitted') return;
  disk.fill(9, offset, offset + length / 2);
  moments.add(crc32c(disk));
  harness.finish(io, 5);
}

test.each([
  { takesPacked: true, most: 0.2 },
  { takesPacked: false, most: 2 },
])('compressed is what a target takes compressed: $takesPacked', async ({ takesPacked, most }) => {
  const site = new Site({ compression: 'zstd' }, takesPacked);
  await site.daemon.run();
  const before = site.target.receivedBytes;
  let bytes = 0;
  for (let turn = 0; turn < 40; turn++) {
    const data = new TextEncoder().encode(`row ${turn} of a table; `.repeat(100)).subarray(0, 1536);
    await site.write(turn * 2048, data);
    bytes += data.length;
    if (turn % 8 === 0) await site.daemon.run(3);
    if (turn === 20) site.target.lose();
    if (turn === 30) site.target.isAway = false;
  }
  await site.daemon.run(2_000);
  expect(site.state).toMatchObject({ state: 2, lagBytes: 0 });
  expect(Buffer.compare(site.target.image, site.disk)).toBe(0);
  expect(site.target.receivedBytes - before).toBeLessThan(bytes * most);
  expect(site.wrong).toBe(0);
});
