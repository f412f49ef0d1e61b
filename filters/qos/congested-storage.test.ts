// Tests of shares, reservations and shared limits: real filters and real daemons with lines in
// memory, on a simulated device that serves one I/O at a time, on a clock that is moved by hand.
import { describe, expect, test, vi } from 'vitest';
import { TestHost } from './test-host.ts';

// Nothing waits for real time; a busy machine takes its time all the same.
vi.setConfig({ testTimeout: 120_000 });

const KIB = 1024;
/** 500 I/Os a second: three disks at depth one wait 6 ms, more than the threshold of 5. */
const SERVICE = { perIoMs: 2 };

/** Units a second of each disk, over so long. */
async function ratesOver(host: TestHost, milliseconds: number): Promise<number[]> {
  const before = host.disks.map((disk) => disk.doneUnits);
  await host.run(milliseconds);
  return host.disks.map((disk, index) => {
    return ((disk.doneUnits - (before[index] ?? 0)) * 1000) / milliseconds;
  });
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

describe('shares divide a congested datastore', () => {
  const cases = [
    { depth: 1, bytes: 4 * KIB },
    { depth: 16, bytes: 4 * KIB },
    { depth: 4, bytes: 64 * KIB },
  ];
  test.each(cases)('1:2:4 within 5 %, $bytes bytes, depth $depth', async ({ depth, bytes }) => {
    const host = await TestHost.start(SERVICE);
    for (const shares of ['low', 'normal', 'high']) {
      host.addDisk({ properties: { shares }, depth, bytes });
    }
    await host.run(2_000);
    const [low = 0, normal = 0, high = 0] = await ratesOver(host, 5_000);
    expect(normal / low / 2).toBeGreaterThan(0.95);
    expect(normal / low / 2).toBeLessThan(1.05);
    expect(high / low / 4).toBeGreaterThan(0.95);
    expect(high / low / 4).toBeLessThan(1.05);
    expect(host.deviceUse()).toBeGreaterThan(0.95);
  });
});

describe('a datastore with enough for all', () => {
  test('holds nobody back, whatever the shares', async () => {
    const host = await TestHost.start({ perIoMs: 0.2 });
    for (const shares of ['low', 'high']) host.addDisk({ properties: { shares }, depth: 4 });
    await host.run(2_000);
    expect(host.statistics(0)).toMatchObject({ heldBack: 0 });
  });

  test('is not divided for a disk that is alone', async () => {
    const host = await TestHost.start(SERVICE);
    host.addDisk({ properties: { shares: 'low' }, depth: 16 });
    host.addDisk({ properties: { shares: 'high' }, depth: 0 });
    await host.run(3_000);
    expect(host.statistics(0)).toMatchObject({ heldBack: 0 });
    expect(host.deviceUse()).toBeGreaterThan(0.95);
  });
});

test('a reservation is met before shares count', async () => {
  const host = await TestHost.start(SERVICE);
  host.addDisk({ properties: { shares: 'low', reservation: 250 }, depth: 8 });
  host.addDisk({ properties: { shares: 'high' }, depth: 8 });
  host.addDisk({ properties: { shares: 'high' }, depth: 8 });
  await host.run(3_000);
  const rates = await ratesOver(host, 4_000);
  expect(rates[0]).toBeGreaterThan(250 * 0.95);
  expect((rates[1] ?? 0) / (rates[2] ?? 1)).toBeCloseTo(1, 1);
  expect(sum(rates)).toBeGreaterThan(500 * 0.95);
});

test('a reservation that is not used is the others’', async () => {
  const host = await TestHost.start(SERVICE);
  host.addDisk({ properties: { reservation: 400 }, depth: 0 });
  host.addDisk({ properties: { shares: 'low' }, depth: 8 });
  host.addDisk({ properties: { shares: 'high' }, depth: 8 });
  await host.run(3_000);
  const [, low = 0, high = 0] = await ratesOver(host, 4_000);
  expect(low + high).toBeGreaterThan(500 * 0.95);
  expect(high / low / 4).toBeGreaterThan(0.95);
  expect(high / low / 4).toBeLessThan(1.05);
});

test('a disk that comes back from idleness gets its part at once, and has no debt', async () => {
  const host = await TestHost.start(SERVICE);
  const first = host.addDisk({ properties: {}, depth: 8 });
  host.addDisk({ properties: {}, depth: 8 });
  host.addDisk({ properties: {}, depth: 8 });
  await host.run(3_000);
  first.depth = 0;
  await host.run(5_000);
  first.depth = 8;
  await host.run(300);
  const [back = 0, ...others] = await ratesOver(host, 2_000);
  expect(back / (sum(others) / 2)).toBeGreaterThan(0.9);
  expect(back / (sum(others) / 2)).toBeLessThan(1.1);
});

test('a device that stood still is divided as before, and nobody pays for it', async () => {
  const service = { perIoMs: 2 };
  const host = await TestHost.start(service);
  for (const shares of ['low', 'high']) host.addDisk({ properties: { shares }, depth: 8 });
  await host.run(2_000);
  service.perIoMs = 400;
  await host.run(6_000);
  service.perIoMs = 2;
  await host.run(3_000);
  const [low = 0, high = 0] = await ratesOver(host, 4_000);
  expect(high / low / 4).toBeGreaterThan(0.95);
  expect(high / low / 4).toBeLessThan(1.05);
  expect(low + high).toBeGreaterThan(500 * 0.95);
});

test('a disk that uses little of its part costs the others nothing', async () => {
  const host = await TestHost.start(SERVICE);
  host.addDisk({ properties: { shares: 'high' }, depth: 1, pauseMs: 40 });
  host.addDisk({ properties: { shares: 'low' }, depth: 8 });
  host.addDisk({ properties: { shares: 'low' }, depth: 8 });
  await host.run(3_000);
  const rates = await ratesOver(host, 4_000);
  expect(sum(rates)).toBeGreaterThan(500 * 0.95);
});

test('without its daemon all go on, and it divides again when it is back', async () => {
  const host = await TestHost.start(SERVICE);
  for (const shares of ['low', 'high']) host.addDisk({ properties: { shares }, depth: 8 });
  await host.run(3_000);
  host.killDaemon();
  await host.run(2_000);
  const [low = 0, high = 0] = await ratesOver(host, 2_000);
  expect(high / low).toBeCloseTo(1, 1);
  await host.startDaemon();
  await host.run(2_000);
  const [lowAgain = 0, highAgain = 0] = await ratesOver(host, 4_000);
  expect(highAgain / lowAgain / 4).toBeGreaterThan(0.95);
  expect(highAgain / lowAgain / 4).toBeLessThan(1.05);
});

describe('a limit of a whole policy', () => {
  const properties = { scope: 'policy', policy: 'policy-1', iopsLimit: 1000, burstSeconds: 0 };
  const fast = { perIoMs: 0.05 };

  test('holds for its disks together, and goes to those that want it', async () => {
    const host = await TestHost.start(fast);
    const [first] = [0, 1].map(() => host.addDisk({ properties, depth: 8 }));
    await host.run(2_000);
    const both = await ratesOver(host, 5_000);
    expect(Math.abs(sum(both) / 1000 - 1)).toBeLessThan(0.02);
    expect((both[0] ?? 0) / (both[1] ?? 1)).toBeCloseTo(1, 1);
    if (first) first.depth = 0;
    await host.run(2_000);
    expect(Math.abs(sum(await ratesOver(host, 5_000)) / 1000 - 1)).toBeLessThan(0.02);
  });

  test('holds over two hosts, in whatever parts they want it', async () => {
    const here = await TestHost.start(fast, 'host-1');
    const there = await TestHost.start(fast, 'host-2');
    await TestHost.connect([here, there]);
    here.addDisk({ properties, depth: 8 });
    here.addDisk({ properties, depth: 8 });
    const other = there.addDisk({ properties, depth: 8 });
    await TestHost.runAll([here, there], 4_000);
    const before = [here, there].flatMap(({ disks }) => disks.map((disk) => disk.doneUnits));
    await TestHost.runAll([here, there], 5_000);
    const rates = [here, there]
      .flatMap(({ disks }) => disks.map((disk) => disk.doneUnits))
      .map((units, index) => (units - (before[index] ?? 0)) / 5);
    expect(Math.abs(sum(rates) / 1000 - 1)).toBeLessThan(0.02);
    for (const rate of rates) expect(Math.abs(rate / 333 - 1)).toBeLessThan(0.1);
    other.depth = 0;
    await TestHost.runAll([here, there], 4_000);
    const alone = await ratesOver(here, 3_000);
    expect(sum(alone)).toBeGreaterThan(950);
    expect(sum(alone)).toBeLessThan(1020);
  });

  test('gives a host no more than its part while the other is not heard', async () => {
    const host = await TestHost.start(fast, 'host-1');
    const silent = await TestHost.start(fast, 'host-2');
    await TestHost.connect([host, silent]);
    silent.killDaemon();
    host.addDisk({ properties, depth: 8 });
    await host.run(5_000);
    expect(sum(await ratesOver(host, 5_000))).toBeLessThan(520);
  });
});
