// Tests of what the filter does when another virtual machine stands in for the disk's: nothing more
// is written, whatever it is that happens, until the disk has a later era.
import { expect, test, vi } from 'vitest';
import { DEFER } from '#lib/filter-sdk/filter.ts';
import { FilterHarness, type HarnessIo } from '#lib/filter-sdk/filter-harness.ts';
import replication from './index.ts';
import { TestDaemon, TestTarget } from './test-target.ts';

// The machine may be busy: the limit only ends what hangs.
vi.setConfig({ testTimeout: 120_000 });

const KIB = 1024;
const SIZE = 1024 * KIB;
const EIO = 5;

type Site = ReturnType<typeof open>;

function open(target: TestTarget, more: Record<string, string | number>, sidecar?: Uint8Array) {
  const properties = {
    ...{ target: '127.0.0.1:9100', pairing: 'site-1', keyProvider: 'replication' },
    ...{ keyId: 'site-1', vm: 'vm-1', disk: '2000', ...more },
  };
  const disk = new Uint8Array(SIZE);
  const stored = sidecar === undefined ? {} : { sidecar };
  const harness = new FilterHarness(replication, { disk, daemon: true, properties, ...stored });
  const daemon = new TestDaemon(harness, target);
  harness.daemon?.setConnected(false);
  harness.daemon?.setConnected(true);
  return { harness, daemon, properties };
}

interface Outcome {
  /** Null while it is open. */
  error: number | null;
}

/** The way out of a change that the storage has done; the answer may come later. */
function finish({ harness }: Site, io: HarnessIo): Outcome {
  const outcome: Outcome = { error: null };
  const end = (error: number): void => {
    outcome.error = error;
  };
  const pending = Object.assign(io, {
    error: 0,
    defer: () => ({ pass: () => end(0), complete: () => end(0), fail: end }),
  });
  const answer = harness.filter.completed?.(pending);
  if (answer !== DEFER) end(Math.abs(answer ?? 0));
  return outcome;
}

async function write(site: Site): Promise<number | null> {
  const { harness, daemon } = site;
  const io = harness.submit('write', 0, new Uint8Array(4 * KIB).fill(1));
  for (let tries = 0; io.state === 'deferred' && tries < 50; tries++) await daemon.run(1);
  if (io.state === 'done') return io.error;
  harness.apply(io);
  const outcome = finish(site, io);
  for (let tries = 0; outcome.error === null && tries < 50; tries++) await daemon.run(1);
  return outcome.error;
}

test.each(['asynchronous', 'synchronous'])(
  '%s: fails changes from when it hears it',
  async (mode) => {
    const target = new TestTarget(SIZE);
    const site = open(target, { mode });
    await site.daemon.run();
    expect(await write(site)).toBe(0);
    const { length } = target.records;
    target.isSilent = true;
    // It is below the filter at that time, and must not be answered well.
    const io = site.harness.submit('write', 0, new Uint8Array(512).fill(2));
    expect(io.state).toBe('submitted');
    site.harness.apply(io);
    target.raiseEra(2);
    await site.daemon.run();
    expect(finish(site, io)).toEqual({ error: EIO });
    await site.daemon.run();
    expect(await write(site)).toBe(EIO);
    site.harness.run('read', 0, 512);
    expect(site.harness.filter.statistics?.()).toMatchObject({ state: 6 });
    expect(target.records).toHaveLength(length);
  },
);

test('an answer that waits for the target fails as well', async () => {
  const target = new TestTarget(SIZE);
  const site = open(target, { mode: 'synchronous', onTargetLost: 'wait' });
  await site.daemon.run();
  expect(await write(site)).toBe(0);
  target.isSilent = true;
  const io = site.harness.submit('write', 0, new Uint8Array(512).fill(2));
  site.harness.apply(io);
  const outcome = finish(site, io);
  await site.daemon.run();
  expect(outcome.error).toBeNull();
  target.raiseEra(2);
  await site.daemon.run();
  expect(outcome.error).toBe(EIO);
});

test('knows it without the target when it is opened again, until it has a later era', async () => {
  const target = new TestTarget(SIZE);
  const first = open(target, {});
  await first.daemon.run();
  target.raiseEra(2);
  await first.daemon.run();
  const sidecar = first.harness.sidecar.stored ?? undefined;
  target.isAway = true;
  const again = open(target, {}, sidecar);
  await again.daemon.run();
  expect(await write(again)).toBe(EIO);
  target.isAway = false;
  target.era = 3;
  again.harness.filter.setProperties?.({ ...again.properties, era: 3 });
  await again.daemon.run(10_000);
  expect(await write(again)).toBe(0);
  await again.daemon.run();
  expect(again.harness.filter.statistics?.()).toMatchObject({ state: 2, lagBytes: 0 });
});

test('the last record of a disk that is powered off says that all is there', async () => {
  const target = new TestTarget(SIZE);
  const site = open(target, {});
  await site.daemon.run();
  expect(await write(site)).toBe(0);
  const off = { kind: 'powerOff', sizeBytes: SIZE, quiesced: false, filterLeaves: false } as const;
  const settled = site.harness.filter.diskEvent?.({ ...off, phase: 'frozen' });
  await site.daemon.run(50);
  await settled;
  expect(target.records.at(-1)?.kind).toBe('mark');
  expect(target.records.at(-1)?.sequence).toBe(target.durable);
});

test('a disk that is opened again waits for its target before it changes', async () => {
  const target = new TestTarget(SIZE);
  const first = open(target, {});
  await first.daemon.run();
  expect(await write(first)).toBe(0);
  await first.daemon.run();
  const sidecar = first.harness.sidecar.stored ?? undefined;
  // It was gone when the failover happened, and nobody has told it.
  target.raiseEra(2);
  const again = open(target, {}, sidecar);
  const io = again.harness.submit('write', 0, new Uint8Array(512).fill(2));
  expect(io.state).toBe('deferred');
  await again.daemon.run();
  expect(io).toMatchObject({ state: 'done', error: EIO });
});

test('it does not wait for a target that is away, nor for one that says nothing', async () => {
  const target = new TestTarget(SIZE);
  const first = open(target, {});
  await first.daemon.run();
  const sidecar = first.harness.sidecar.stored ?? undefined;
  target.isAway = true;
  const away = open(target, {}, sidecar);
  expect(await write(away)).toBe(0);
  const silent = open(target, {}, sidecar);
  const io = silent.harness.submit('write', 0, new Uint8Array(512).fill(2));
  expect(io.state).toBe('deferred');
  silent.harness.clock.advance(15_000);
  expect(io.state).toBe('submitted');
});
