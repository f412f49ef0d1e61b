// Logs that are fetched from other hosts, all in memory: a disk that was lost with its host opens
// on a third one with what stood in the mirror, or in the log of the host itself.
import { expect, test } from 'vitest';
import { FilterHarness, type HarnessIo } from '#lib/filter-sdk/filter-harness.ts';
import { HarnessFlash } from '#lib/filter-sdk/harness-flash.ts';
import { XorShift } from '#lib/filter-sdk/xor-shift.ts';
import cache from '../index.ts';
import { decodeClaim, encodeClaim } from '../write-back/claim.ts';
import { TestLine } from './test-daemons.ts';

const DISK_BYTES = 512 * 1024;
const LOSSES = 12;
const BACK = { mode: 'writeBack', sizeMib: 1, logMib: 8 };

/** A disk on host 1, with data in its log alone, that was killed. */
async function lost(): Promise<{ disk: Uint8Array; flash: HarnessFlash; sidecar: Uint8Array }> {
  const [disk, flash] = [new Uint8Array(DISK_BYTES), new HarnessFlash()];
  const harness = new FilterHarness(cache, { properties: BACK, flash, disk });
  harness.run('write', 0, new Uint8Array(512));
  while (harness.sidecar.stored === null) await turn();
  await turn();
  harness.submit('write', 8192, new Uint8Array(4096).fill(7));
  const io = harness.submit('flush', 0, 0);
  while (io.state === 'deferred') await turn();
  harness.below.broken = true;
  expect(disk[8192]).toBe(0);
  return { disk, flash, sidecar: harness.sidecar.stored };
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

test('a third host fetches the log, and has all that was flushed', async () => {
  const { disk, flash: first, sidecar } = await lost();
  const third = new HarnessFlash({ name: 'host-3' });
  const options = { properties: BACK, disk, sidecar, flash: third, daemon: true };
  const harness = new FilterHarness(cache, options);
  const line = new TestLine(harness, [new HarnessFlash({ name: 'host-2' }), first]);
  await harness.filter.ready?.();
  const read = harness.run('read', 8192, 4096);
  expect(read.data).toEqual(new Uint8Array(4096).fill(7));
  while (first.files.size > 0) await turn();
  expect(disk.subarray(8192, 12_288)).toEqual(new Uint8Array(4096).fill(7));
  expect(new TextDecoder().decode(harness.sidecar.stored ?? undefined)).not.toContain('host-1');
  line.close();
});

test('a fetch that is killed before its end begins again', async () => {
  const { disk, flash: first, sidecar } = await lost();
  const options = { properties: BACK, disk, sidecar, daemon: true };
  const killed = new FilterHarness(cache, {
    ...options,
    flash: new HarnessFlash({ name: 'host-2' }),
  });
  killed.below.broken = true;
  killed.sidecar.broken = true;
  const line = new TestLine(killed, [first]);
  await killed.filter.ready?.();
  line.close();
  expect([...first.files.keys()].join()).toContain('.taken');
  // On the host itself, which finds what the other one took and did not finish with.
  const again = new FilterHarness(cache, { ...options, flash: first });
  expect(again.run('read', 8192, 4096).data).toEqual(new Uint8Array(4096).fill(7));
});

test('a log that is damaged is refused, wherever it lies', async () => {
  const { disk, flash: first, sidecar } = await lost();
  for (const { bytes } of first.files.values()) bytes.fill(0, 0, 8192);
  const options = { properties: BACK, disk, sidecar, daemon: true };
  expect(() => new FilterHarness(cache, { ...options, flash: first })).toThrow('damaged');
  const third = new HarnessFlash({ name: 'host-3' });
  const harness = new FilterHarness(cache, { ...options, flash: third });
  const line = new TestLine(harness, [first]);
  await expect(harness.filter.ready?.()).rejects.toThrow('damaged');
  line.close();
});

test.each([
  ['is refused by the names of the hosts', BACK, /host-1.*host-2.*could not be fetched/],
  ['opens without them if the policy says so', { ...BACK, discardLostData: true }, null],
])('a disk whose data no host has %s', async (_, properties, refusal) => {
  const claim = {
    ...{ logId: 'log-1', hostId: 'id-of-host-1', hostName: 'host-1' },
    mirror: { hostId: 'id-of-host-2', hostName: 'host-2', logId: 'log-2' },
    ...{ dirtyBytes: 4096, logBytes: 8192, blocks: 256 },
  };
  const flash = new HarnessFlash({ name: 'host-3' });
  const sidecar = encodeClaim(claim);
  const harness = new FilterHarness(cache, { properties, sidecar, flash, daemon: true });
  const line = new TestLine(harness, [new HarnessFlash({ name: 'host-4' })]);
  const ready = harness.filter.ready?.() ?? Promise.resolve();
  // So long it looks for them.
  const timer = setInterval(() => harness.clock.advance(1000), 1);
  if (refusal === null) await ready;
  else await expect(ready).rejects.toThrow(refusal);
  clearInterval(timer);
  line.close();
  expect(harness.events.join().includes('given up')).toBe(refusal === null);
  expect(flash.files.size).toBe(0);
});

test('the loss of one host after the other loses nothing that was answered', {
  timeout: 120_000,
}, async () => {
  const random = new XorShift(3);
  const disk = new Uint8Array(DISK_BYTES);
  const model = new Uint8Array(DISK_BYTES / 512);
  const hosts = ['a', 'b', 'c'].map((name) => new HarnessFlash({ name }));
  const properties = { ...BACK, mirror: 'writeThrough' };
  let sidecar: Uint8Array | null = null;
  let host = 0;
  let fromElsewhere = 0;
  for (let round = 0; round < LOSSES; round++) {
    const [flash, others] = [hosts[host], hosts.filter((_, index) => index !== host)];
    const options = { properties, disk, sidecar, daemon: true, ...(flash && { flash }) };
    const harness = new FilterHarness(cache, options);
    const line = new TestLine(harness, others);
    await harness.filter.ready?.();
    await expectAll(harness, model);
    await writeOne(harness, model, random);
    while (mirrorOf(harness) === null) await new Promise((resolve) => setTimeout(resolve, 1));
    for (let write = 0; write < 20; write++) await writeOne(harness, model, random);
    // Killed where it stands, with its host and all that was on its flash.
    line.close();
    harness.below.broken = harness.sidecar.broken = true;
    flash?.files.clear();
    sidecar = harness.sidecar.stored;
    // The cache has its size again, whatever room it took to find what was left.
    expect(decodeClaim(sidecar)?.blocks).toBe(256);
    host = (host + 1 + Math.floor(random.next() * 2)) % 3;
    if (mirrorOf(harness) !== hosts[host]?.host.id) fromElsewhere += 1;
  }
  expect(fromElsewhere).toBeGreaterThan(LOSSES / 8);
});

/** The host that has the mirror, as the claim beside the disk says; null for none. */
function mirrorOf({ sidecar }: FilterHarness): string | null {
  return decodeClaim(sidecar.stored)?.mirror?.hostId ?? null;
}

async function writeOne(
  harness: FilterHarness,
  model: Uint8Array,
  random: XorShift,
): Promise<void> {
  const [first, value] = [Math.floor(random.next() * 1000), 1 + Math.floor(random.next() * 250)];
  const count = 1 + Math.floor(random.next() * 20);
  const kind = random.next() < 0.85 ? 'write' : 'trim';
  const data = new Uint8Array(count * 512).fill(value);
  const io = harness.submit(kind, first * 512, kind === 'write' ? data : data.length);
  await over(harness, io);
  expect(io.error).toBe(0);
  model.fill(kind === 'write' ? value : 0, first, first + count);
}

async function expectAll(harness: FilterHarness, model: Uint8Array): Promise<void> {
  const io = harness.submit('read', 0, DISK_BYTES);
  await over(harness, io);
  const found = model.map((_, sector) => io.data[sector * 512] ?? 0);
  expect(found).toEqual(model);
}

/** To its end; what the filter holds is waited for. */
async function over(harness: FilterHarness, io: HarnessIo): Promise<void> {
  while (io.state !== 'done') {
    if (io.state === 'submitted') {
      harness.apply(io);
      harness.finish(io);
    } else await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
