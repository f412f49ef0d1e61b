// Tests of the filter and its daemon, over a disk, a sidecar and a target in memory.
import { expect, test, vi } from 'vitest';
import { FilterHarness, type HarnessIo } from '#lib/filter-sdk/filter-harness.ts';
import { XorShift } from '#lib/filter-sdk/xor-shift.ts';
import replication from './index.ts';
import { RegionMap } from './region-map.ts';
import { decodeState, encodeState } from './stored-state.ts';
import { TestDaemon, TestTarget } from './test-target.ts';

// The machine may be busy: the limit only ends what hangs.
vi.setConfig({ testTimeout: 120_000 });

const KIB = 1024;
const SIZE = 1024 * KIB;
const MANAGED = {
  ...{ target: '127.0.0.1:9100', pairing: 'site-1', keyProvider: 'replication', keyId: 'site-1' },
  ...{ vm: 'vm-1', disk: '2000' },
};

interface Opened {
  harness: FilterHarness;
  daemon: TestDaemon;
  target: TestTarget;
}

function open(
  target: TestTarget,
  {
    disk = new Uint8Array(SIZE),
    sidecar = null,
    state = null,
    properties = {},
  }: Partial<{
    disk: Uint8Array;
    sidecar: Uint8Array | null;
    state: Uint8Array | null;
    properties: Record<string, string | number>;
  }> = {},
): Opened {
  const all = { ...MANAGED, ...properties };
  const harness = new FilterHarness(replication, {
    ...{ disk, sidecar, state, daemon: true, properties: all },
  });
  const daemon = new TestDaemon(harness, target);
  // What the filter has said at once, before there was a daemon, is said again.
  harness.daemon?.setConnected(false);
  harness.daemon?.setConnected(true);
  return { harness, daemon, target };
}

/** A guest's write, the whole way, with what it has to wait for. */
async function write({ harness, daemon }: Opened, offset: number, data: Uint8Array): Promise<void> {
  await through(harness, daemon, harness.submit('write', offset, data));
}

async function through(harness: FilterHarness, daemon: TestDaemon, io: HarnessIo): Promise<void> {
  for (let tries = 0; io.state === 'deferred' && tries < 50; tries++) await daemon.run(1);
  harness.apply(io);
  harness.finish(io);
}

/** Long enough for marks to go. */
async function rest({ harness, daemon }: Opened): Promise<void> {
  for (let looks = 0; looks < 3; looks++) {
    harness.clock.advance(30_000);
    await daemon.run(5);
  }
}

function filled(length: number, value: number): Uint8Array {
  return new Uint8Array(length).fill(value);
}

function isCopy({ image }: TestTarget, disk: Uint8Array): boolean {
  return Buffer.compare(image, disk) === 0;
}

function stateOf({ harness }: Opened): Record<string, number> {
  return harness.filter.statistics?.() ?? {};
}

test('refuses to open without a target, and names what is missing', () => {
  expect(() => new FilterHarness(replication)).toThrow('no replication target is set');
  const properties = { ...MANAGED, target: 'nowhere' };
  expect(() => new FilterHarness(replication, { properties })).toThrow('"nowhere" is no address');
});

test('copies what is there, and then every change in its order', async () => {
  const disk = new Uint8Array(SIZE);
  disk.fill(7, 100 * KIB, 300 * KIB);
  const site = open(new TestTarget(SIZE), { disk });
  await site.daemon.run();
  expect(isCopy(site.target, disk)).toBe(true);
  expect(stateOf(site)).toMatchObject({ state: 2, lagBytes: 0, resyncRemainingBytes: 0 });
  // Nothing is sent of what reads as zeroes.
  const written = site.target.records.filter(({ kind }) => kind === 'write');
  expect(written.reduce((sum, { length }) => sum + length, 0)).toBeLessThan(400 * KIB);
  const before = site.target.records.length;
  await write(site, 4 * KIB, filled(4 * KIB, 1));
  await write(site, 4 * KIB, filled(8 * KIB, 2));
  site.harness.run('writeZeroes', 8 * KIB, 4 * KIB);
  site.harness.run('trim', 128 * KIB, 64 * KIB);
  await site.daemon.run();
  expect(site.target.records.slice(before).map(({ kind }) => kind)).toEqual([
    ...['write', 'write', 'writeZeroes', 'trim'],
  ]);
  expect(isCopy(site.target, disk)).toBe(true);
});

test('of two changes that overlap the second waits', async () => {
  const site = open(new TestTarget(SIZE));
  await site.daemon.run();
  await write(site, 0, filled(512, 9));
  const { harness } = site;
  const first = harness.submit('write', 0, filled(1024, 1));
  const second = harness.submit('write', 512, filled(1024, 2));
  const third = harness.submit('write', 1024, filled(1024, 3));
  const other = harness.submit('write', 4096, filled(512, 4));
  expect([first, second, third, other].map(({ state }) => state)).toEqual([
    ...['submitted', 'deferred', 'deferred', 'submitted'],
  ]);
  harness.apply(first);
  harness.finish(first);
  expect([second.state, third.state]).toEqual(['submitted', 'deferred']);
});

test('marks a region durably before its first write goes down', async () => {
  const site = open(new TestTarget(SIZE));
  await site.daemon.run();
  await rest(site);
  const { harness, daemon } = site;
  expect(marksIn(harness)).toEqual([]);
  const io = harness.submit('write', 64 * KIB, filled(512, 1));
  expect(io.state).toBe('deferred');
  await daemon.run(2);
  expect(io.state).toBe('submitted');
  expect(marksIn(harness)).toEqual([{ offset: 64 * KIB, end: 128 * KIB }]);
  await through(harness, daemon, io);
  await rest(site);
  expect(marksIn(harness)).toEqual([]);
  expect(harness.below.log).toContain('flush');
});

test('a region that cannot be marked is not written', async () => {
  const site = open(new TestTarget(SIZE));
  await site.daemon.run();
  await rest(site);
  site.harness.sidecar.broken = true;
  const io = site.harness.submit('write', 0, filled(512, 1));
  await site.daemon.run(2);
  expect(io).toMatchObject({ state: 'done', error: 5 });
});

test('what changes while the target is away is sent when it is back', async () => {
  const target = new TestTarget(SIZE);
  const disk = new Uint8Array(SIZE);
  const site = open(target, { disk });
  await site.daemon.run();
  target.lose();
  // More than can be under way for the disk.
  for (let turn = 0; turn < 80; turn++) await write(site, 0, filled(512 * KIB, 1 + turn));
  await site.daemon.run();
  expect(stateOf(site).state).toBe(4);
  expect(site.harness.events[0]).toContain('The replication target cannot be used');
  target.isAway = false;
  await site.daemon.run(20_000);
  expect(stateOf(site)).toMatchObject({ state: 2, lagBytes: 0 });
  expect(isCopy(target, disk)).toBe(true);
  const begun = target.records.filter(({ kind }) => kind === 'resyncBegin');
  expect(begun.map(({ offset }) => offset)).toEqual([1, 0]);
});

test('after a short loss of the connection nothing is read from the disk again', async () => {
  const target = new TestTarget(SIZE);
  const disk = new Uint8Array(SIZE);
  const site = open(target, { disk });
  await site.daemon.run();
  const reads = site.harness.below.log.length;
  target.lose();
  await write(site, 0, filled(4 * KIB, 1));
  await site.daemon.run(10);
  target.isAway = false;
  await site.daemon.run(1_000);
  expect(isCopy(target, disk)).toBe(true);
  expect(stateOf(site).state).toBe(2);
  expect(site.harness.below.log.length).toBe(reads);
});

test('opened after a crash, sends what was marked; with an older sidecar, everything', async () => {
  const target = new TestTarget(SIZE);
  const disk = new Uint8Array(SIZE);
  const first = open(target, { disk });
  await first.daemon.run();
  await rest(first);
  const old = first.harness.sidecar.stored;
  await write(first, 0, filled(4 * KIB, 1));
  await first.daemon.run();
  // Written, but the world is killed before it is sent.
  await write(first, 512 * KIB, filled(4 * KIB, 2));
  first.daemon.kill();
  const second = open(target, { disk, sidecar: first.harness.sidecar.stored });
  await second.daemon.run();
  expect(isCopy(target, disk)).toBe(true);
  const read = second.harness.below.log.filter((line) => line.startsWith('read'));
  expect(read).toEqual(['read 0+65536', 'read 524288+65536']);
  // More records than fit into what the old sidecar had reserved.
  second.daemon.kill();
  target.durable += 2 ** 22;
  disk.fill(0, 0, 64 * KIB);
  const third = open(target, { disk, sidecar: old });
  await third.daemon.run();
  expect(isCopy(target, disk)).toBe(true);
  expect(
    target.records.filter(({ kind, offset }) => kind === 'resyncBegin' && offset === 1),
  ).toHaveLength(2);
});

test('a disk that moves goes on without a resync', async () => {
  const target = new TestTarget(SIZE);
  const disk = new Uint8Array(SIZE);
  const first = open(target, { disk });
  await first.daemon.run();
  await write(first, 0, filled(4 * KIB, 1));
  const frozen = { kind: 'migrate', phase: 'frozen', sizeBytes: SIZE } as const;
  const heard = first.harness.filter.diskEvent?.({
    ...frozen,
    ...{ quiesced: false, filterLeaves: false },
  });
  await first.daemon.run();
  await heard;
  const state = first.harness.filter.saveState?.() ?? null;
  const before = target.records.length;
  const second = open(target, { disk, state, sidecar: first.harness.sidecar.stored });
  await second.daemon.run();
  await write(second, 8 * KIB, filled(4 * KIB, 2));
  await second.daemon.run();
  expect(target.records.slice(before).map(({ kind }) => kind)).toEqual(['write']);
  expect(isCopy(target, disk)).toBe(true);
});

test('after a revert what was open keeps and sends nothing, and the next sends all', async () => {
  const target = new TestTarget(SIZE);
  const disk = new Uint8Array(SIZE);
  const first = open(target, { disk });
  await first.daemon.run();
  const told = { kind: 'snapshotCreate', sizeBytes: SIZE } as const;
  const shape = { quiesced: false, filterLeaves: false };
  const frozen = first.harness.filter.diskEvent?.({ ...told, ...shape, phase: 'frozen' });
  await first.daemon.run();
  await frozen;
  const kept = first.harness.sidecar.stored;
  const older = disk.slice();
  const over = first.harness.filter.diskEvent?.({ ...told, ...shape, phase: 'done' });
  await first.daemon.run();
  await over;
  await write(first, 0, filled(64 * KIB, 1));
  await first.daemon.run();
  first.daemon.kill();
  // The VM was killed; what opens the disk to revert it has just begun with the target.
  const second = open(target, { disk, sidecar: first.harness.sidecar.stored });
  await second.daemon.run(1);
  const { filter, sidecar } = second.harness;
  const revert = { ...shape, kind: 'snapshotRevert', sizeBytes: SIZE } as const;
  const held = filter.diskEvent?.({ ...revert, phase: 'frozen' });
  await second.daemon.run(1);
  await held;
  disk.set(older);
  sidecar.stored = kept;
  const before = target.records.length;
  await filter.diskEvent?.({ ...revert, phase: 'done' });
  second.harness.daemon?.setConnected(false);
  second.harness.daemon?.setConnected(true);
  await second.daemon.run(100);
  await filter.close?.();
  expect(sidecar.stored).toBe(kept);
  expect(target.records.length).toBe(before);
  second.daemon.kill();
  const third = open(target, { disk, sidecar: kept });
  await third.daemon.run(100);
  expect(isCopy(target, older)).toBe(true);
  expect(stateOf(third).state).toBe(2);
});

test('a revert that did not come about leaves the replication as it was', async () => {
  const target = new TestTarget(SIZE);
  const site = open(target);
  await site.daemon.run();
  const revert = { kind: 'snapshotRevert', sizeBytes: SIZE } as const;
  const shape = { quiesced: false, filterLeaves: false };
  await site.harness.filter.diskEvent?.({ ...revert, ...shape, phase: 'frozen' });
  await site.harness.filter.diskEvent?.({ ...revert, ...shape, phase: 'undone' });
  await site.daemon.run(20);
  await write(site, 0, filled(4 * KIB, 3));
  await site.daemon.run(20);
  expect(stateOf(site)).toMatchObject({ state: 2, lagBytes: 0 });
  expect(target.image[100]).toBe(3);
});

test('synchronous: a write is answered when the target has it, or after the patience', async () => {
  const target = new TestTarget(SIZE);
  const properties = { mode: 'synchronous', degradeAfterSeconds: 2 };
  const site = open(target, { properties });
  const { harness, daemon } = site;
  await daemon.run();
  const begin = (value: number): { isOver: boolean } => {
    const io = harness.submit('write', 0, filled(512, value));
    harness.apply(io);
    return finishLater(harness, io);
  };
  const first = begin(1);
  expect(first.isOver).toBe(false);
  await daemon.run(2);
  expect(first.isOver).toBe(true);
  target.isSilent = true;
  const answer = begin(2);
  await daemon.run(1_500);
  expect(answer.isOver).toBe(false);
  await daemon.run(1_000);
  expect(answer.isOver).toBe(true);
  expect(stateOf(site).state).toBe(5);
  target.isSilent = false;
  expect(begin(3).isOver).toBe(true);
  await daemon.run();
  expect(stateOf(site).state).toBe(2);
  expect(begin(4).isOver).toBe(false);
});

/** The way out of an I/O whose answer the filter may hold. */
function finishLater(harness: FilterHarness, io: HarnessIo): { isOver: boolean } {
  const answer = { isOver: false };
  const pass = (): void => {
    answer.isOver = true;
  };
  const token = { pass, complete: pass, fail: pass };
  const held = harness.filter.completed?.({
    ...{ operation: io.operation, offset: io.offset, length: io.length, fua: false },
    ...{ data: io.data, error: 0, defer: () => token },
  });
  if (held === undefined) answer.isOver = true;
  return answer;
}

test('random changes, losses and crashes: the copy becomes the disk each time', async () => {
  const random = new XorShift(7);
  const target = new TestTarget(SIZE);
  const disk = new Uint8Array(SIZE);
  let site = open(target, { disk });
  for (let round = 0; round < 40; round++) {
    for (let count = 0; count < 20; count++) {
      const sectors = 1 + Math.floor(random.next() * 300);
      const offset = Math.floor(random.next() * (SIZE / 512 - sectors)) * 512;
      const value = 1 + Math.floor(random.next() * 255);
      await write(site, offset, filled(sectors * 512, value));
      if (random.next() < 0.2) await site.daemon.run(2);
    }
    const what = Math.floor(random.next() * 4);
    if (what === 0) target.lose();
    if (what === 1) site.daemon.kill();
    await site.daemon.run(3);
    target.isAway = false;
    if (what === 1) site = open(target, { disk, sidecar: site.harness.sidecar.stored });
    await site.daemon.run(8_000);
    expect(stateOf(site), `round ${round}`).toMatchObject({ state: 2, lagBytes: 0 });
    expect(isCopy(target, disk), `round ${round}`).toBe(true);
    expect(target.needsResync).toBe(false);
  }
});

test('a map comes back from its bytes, as runs and as bits', () => {
  const state = { replica: 'r', session: 1, reserved: 2, confirmed: 1 };
  const rest = { resyncing: false, replacedIn: 0 };
  const map = new RegionMap(640 * 64 * KIB);
  map.add(0, 64 * KIB * 3);
  expect([
    ...decodeState(encodeState({ ...state, ...rest, sizeBytes: map.sizeBytes }, map)).map.ranges(),
  ]).toEqual([...map.ranges()]);
  for (let region = 0; region < 640; region += 2) map.add(region * 64 * KIB, region * 64 * KIB + 1);
  const bytes = encodeState({ ...state, ...rest, sizeBytes: map.sizeBytes }, map);
  expect([...decodeState(bytes).map.ranges()]).toEqual([...map.ranges()]);
  expect(() => decodeState(bytes.subarray(0, 40))).toThrow('cannot be read');
});

function marksIn(harness: FilterHarness): { offset: number; end: number }[] {
  const { stored } = harness.sidecar;
  return stored === null ? [] : [...decodeState(stored).map.ranges()];
}
