// Tests of write-back over storage and flash in memory: what is answered when, and a model of
// random I/O with kills and losses of power.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FilterHarness, type HarnessIo } from '#lib/filter-sdk/filter-harness.ts';
import { HarnessFlash } from '#lib/filter-sdk/harness-flash.ts';
import cache from '../index.ts';

const SECTOR = 512;
const DISK_BYTES = 512 * 1024;
/** Any write of 64 KiB is a long stream. */
const STREAMS = { mode: 'writeBack', sizeMib: 1, logMib: 8, streamMib: 0.05 };
const BACK = { mode: 'writeBack', sizeMib: 1, logMib: 8 };

interface Machine {
  disk: Uint8Array;
  flash: HarnessFlash;
  sidecar: Uint8Array | null;
}

function machine(): Machine {
  return { disk: new Uint8Array(DISK_BYTES), flash: new HarnessFlash(), sidecar: null };
}

/** Lets what was begun run as far as it comes without time. */
async function quiet(): Promise<void> {
  for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
}

async function open(
  { disk, flash, sidecar }: Machine,
  properties: Record<string, number | boolean | string> = BACK,
): Promise<FilterHarness> {
  const harness = new FilterHarness(cache, { properties, sidecar, flash, disk });
  // The first write of the guest has the cache claim the disk, and goes through.
  if (flash.files.size === 0) harness.run('write', 0, disk.slice(0, SECTOR));
  await finish(harness, harness.submit('flush', 0, 0));
  return harness;
}

function filled(length: number, value: number): Uint8Array {
  return new Uint8Array(length).fill(value);
}

/** To the end, whatever it takes. */
async function finish(harness: FilterHarness, io: HarnessIo): Promise<HarnessIo> {
  await quiet();
  if (io.state === 'submitted') {
    harness.apply(io);
    harness.finish(io);
    await quiet();
  }
  return io;
}

async function readOf(harness: FilterHarness, offset: number, length: number): Promise<Uint8Array> {
  return (await finish(harness, harness.submit('read', offset, length))).data;
}

/** As if it were killed: only what is outside is left. */
function kill(old: FilterHarness, { disk, flash }: Machine): Machine {
  old.below.broken = true;
  return { disk, flash, sidecar: old.sidecar.stored };
}

describe('write-back', () => {
  test('answers a write from the log, and the storage gets it in quiet', async () => {
    const at = machine();
    const harness = await open(at);
    const io = harness.submit('write', 4096, filled(4096, 7));
    expect([io.state, io.answeredByFilter]).toEqual(['done', true]);
    expect(at.disk[4096]).toBe(0);
    expect(await readOf(harness, 4096, 4096)).toEqual(filled(4096, 7));
    harness.clock.advance(3000);
    await quiet();
    expect(at.disk.subarray(4096, 8192)).toEqual(filled(4096, 7));
    expect(harness.filter.statistics?.()).toMatchObject({ dirty: 0, logged: 4096, destaged: 4096 });
  });

  test('answers a flush when the log is durable, and passes it when more is below', async () => {
    const harness = await open(machine());
    harness.submit('write', 0, filled(512, 1));
    const first = await finish(harness, harness.submit('flush', 0, 0));
    expect(first.answeredByFilter).toBe(true);
    await finish(harness, harness.submit('trim', 8192, 4096));
    const second = harness.submit('flush', 0, 0);
    await quiet();
    expect(second.state).toBe('submitted');
  });

  test('puts newer sectors over what is read from the storage', async () => {
    const at = machine();
    at.disk.fill(3);
    const harness = await open(at);
    harness.submit('write', 512 * 3, filled(1024, 9));
    const data = await readOf(harness, 0, 4096);
    expect([data[0], data[512 * 3], data[512 * 4], data[512 * 5]]).toEqual([3, 9, 9, 3]);
  });

  test('lets a long stream pass the log, but not over what is dirty', async () => {
    const at = machine();
    const properties = { ...BACK, sizeMib: 8, streamMib: 1 };
    const disk = new Uint8Array(8 * 1024 * 1024);
    const harness = await open({ ...at, disk }, properties);
    const length = 128 * 1024;
    harness.submit('write', 13 * length + 4096, filled(512, 3));
    const passed = Array.from({ length: 16 }, (_, index) => {
      const io = harness.submit('write', index * length, filled(length, index));
      if (io.state === 'submitted') {
        harness.apply(io);
        harness.finish(io);
      }
      return !io.answeredByFilter;
    });
    // The first MiB is no long stream yet, and in one range something waits to go down.
    expect(passed.map((past, index) => (past ? index : -1)).filter((at) => at >= 0)).toEqual([
      8, 9, 10, 11, 12, 14, 15,
    ]);
    const left = { ...kill(harness, { ...at, disk }), disk };
    const after = await open(left, properties);
    for (let index = 0; index < 16; index++) {
      const data = await readOf(after, index * length + 4096, 512);
      expect(data).toEqual(filled(512, index));
    }
  });

  test('lets pass what it never has room for', async () => {
    const at = { ...machine(), disk: new Uint8Array(2 * 1024 * 1024) };
    const harness = await open(at, { ...BACK, streamMib: 64 });
    const io = await finish(harness, harness.submit('write', 0, filled(1024 * 1024, 9)));
    expect([io.state, io.answeredByFilter]).toEqual(['done', false]);
    expect(at.disk.subarray(0, 1024 * 1024)).toEqual(filled(1024 * 1024, 9));
  });

  test('goes on with what a killed world has left, on the same host alone', async () => {
    const at = machine();
    const before = await open(at);
    before.submit('write', 512, filled(1024, 5));
    const left = kill(before, at);
    expect(at.disk[512]).toBe(0);
    const flash = new HarnessFlash({ name: 'host-2' });
    await expect(open({ ...left, flash })).rejects.toThrow(/host-1/);
    const lost = { ...left, flash };
    const properties = { ...BACK, discardLostData: true };
    const gave = new FilterHarness(cache, { ...lost, properties });
    expect(gave.events.join()).toContain('given up');
    const after = await open(left);
    expect((await readOf(after, 512, 1024))[0]).toBe(5);
    await after.filter.close?.();
    expect(at.disk[512]).toBe(5);
    expect(left.flash.files.size).toBe(0);
  });

  test('leaves nothing behind when it closes, and any host may go on', async () => {
    const at = machine();
    const harness = await open(at);
    harness.submit('write', 0, filled(4096, 5));
    await harness.filter.close?.();
    expect(at.disk[0]).toBe(5);
    expect(at.flash.files.size).toBe(0);
    const other = { ...at, sidecar: harness.sidecar.stored, flash: new HarnessFlash() };
    expect((await readOf(await open(other), 0, 512))[0]).toBe(5);
  });

  test.each(['snapshotCreate', 'clone', 'migrate', 'relocate', 'detach'] as const)(
    'is empty before %s, and writes go through until it is over',
    async (kind) => {
      const at = machine();
      const harness = await open(at);
      harness.submit('write', 0, filled(4096, 5));
      const event = { kind, sizeBytes: DISK_BYTES, quiesced: false, filterLeaves: false };
      await harness.filter.diskEvent?.({ ...event, phase: 'prepare' });
      expect(at.disk[0]).toBe(5);
      expect(at.flash.files.size).toBe(0);
      expect(harness.submit('write', 0, filled(512, 6)).state).toBe('submitted');
      await harness.filter.diskEvent?.({ ...event, phase: 'undone' });
    },
  );

  test('steps aside when the flash fails, and loses nothing', async () => {
    const at = machine();
    const harness = await open(at);
    harness.submit('write', 0, filled(4096, 5));
    at.flash.broken = true;
    const io = harness.submit('write', 4096, filled(4096, 6));
    await finish(harness, io);
    expect([io.state, io.error, at.disk[0], at.disk[4096]]).toEqual(['done', 0, 5, 6]);
    expect(harness.events.join()).toContain('steps aside');
    const next = await finish(harness, harness.submit('flush', 0, 0));
    expect(next.error).toBe(0);
  });

  test('takes no room in a full log from data that the storage does not take', async () => {
    const at = machine();
    const harness = await open(at, { ...BACK, logMib: 1 / 16 });
    harness.below.broken = true;
    const ring = 1024 * 64 - 2 * 4096;
    for (let offset = 0; offset < ring; offset += 4096) {
      harness.submit('write', offset, filled(4096 - SECTOR, 1 + offset / 4096));
    }
    const io = await finish(harness, harness.submit('trim', 256 * 1024, 4096));
    expect(io.error).toBe(5);
    const after = await open(kill(harness, at), { ...BACK, logMib: 1 / 16 });
    for (let offset = 0; offset < ring; offset += 4096) {
      expect((await readOf(after, offset, SECTOR))[0]).toBe(1 + offset / 4096);
    }
  });

  test('writes down what comes for a block whose turn in a round has not come', async () => {
    const at = machine();
    const harness = await open(at);
    const blocks = Array.from({ length: 12 }, (_, index) => index * 16 * 1024);
    for (const offset of blocks) harness.submit('write', offset, filled(SECTOR, 1));
    let goOn = (): void => undefined;
    harness.below.writesWait = new Promise((resolve) => {
      goOn = resolve;
    });
    harness.clock.advance(3000);
    await quiet();
    for (const offset of blocks) harness.submit('write', offset + SECTOR, filled(SECTOR, 2));
    goOn();
    await quiet();
    harness.clock.advance(3000);
    await quiet();
    for (const offset of blocks) {
      expect([at.disk[offset], at.disk[offset + SECTOR]]).toEqual([1, 2]);
    }
  });

  test('writes down again what a failed flush may have lost', async () => {
    const at = machine();
    const harness = await open(at);
    harness.submit('write', 0, filled(4096, 5));
    harness.below.flushesFail = true;
    harness.clock.advance(3000);
    await quiet();
    expect(at.disk[0]).toBe(5);
    expect(harness.filter.statistics?.()).toMatchObject({ dirty: 4096 / 1024 ** 2 });
    at.disk.fill(0, 0, 4096);
    harness.below.flushesFail = false;
    harness.clock.advance(3000);
    await quiet();
    expect(at.disk.subarray(0, 4096)).toEqual(filled(4096, 5));
    expect(harness.filter.statistics?.()).toMatchObject({ dirty: 0 });
  });

  test('names the bytes and takes no more when flash and storage fail', async () => {
    const at = machine();
    const harness = await open(at);
    harness.submit('write', 0, filled(4096, 5));
    at.flash.broken = true;
    harness.below.broken = true;
    const io = harness.submit('write', 4096, filled(4096, 6));
    for (let second = 0; second < 40; second++) {
      await quiet();
      harness.clock.advance(1000);
    }
    await quiet();
    expect(io.error).toBe(5);
    expect(harness.events.join()).toContain('4096 bytes of unwritten data are at stake');
  });

  test('tells the charts how much of what was written replaced what was waiting', async () => {
    const harness = await open(machine());
    for (let round = 0; round < 4; round++) harness.submit('write', 0, filled(4096, round));
    expect(harness.filter.statistics?.()).toMatchObject({ coalesced: 75, dirty: 4096 / 1024 ** 2 });
  });

  test('writes on when the log has come round, many times its size', async () => {
    const at = machine();
    const harness = await open(at);
    const wanted = new Uint8Array(DISK_BYTES);
    for (let turn = 0; turn < 400; turn++) {
      const offset = (turn % 64) * 4096;
      const io = harness.submit('write', offset, filled(128 * 1024, turn % 251));
      wanted.fill(turn % 251, offset, offset + 128 * 1024);
      await finish(harness, io);
      expect(io.error).toBe(0);
    }
    await harness.filter.close?.();
    expect(Buffer.compare(at.disk, wanted)).toBe(0);
  });
});

interface Step {
  kind: 'write' | 'read' | 'trim' | 'writeZeroes' | 'flush' | 'time' | 'kill' | 'power' | 'event';
  sector: number;
  sectors: number;
  fua: boolean;
}

const steps = fc.array(
  fc.record<Step>({
    kind: fc.oneof(
      { weight: 12, arbitrary: fc.constant('write' as const) },
      { weight: 6, arbitrary: fc.constant('read' as const) },
      { weight: 2, arbitrary: fc.constantFrom('trim', 'writeZeroes', 'event') },
      { weight: 3, arbitrary: fc.constant('flush' as const) },
      { weight: 2, arbitrary: fc.constant('time' as const) },
      { weight: 2, arbitrary: fc.constantFrom('kill', 'power') },
    ),
    sector: fc.nat(890),
    // The longest count as a stream, and go past the log where nothing is dirty.
    sectors: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constant(130)),
    fua: fc.nat(9).map((drawn) => drawn === 0),
  }),
  { minLength: 10, maxLength: 40, size: 'max' },
);

/** What each sector holds by what was answered, and by what was promised to be durable. */
class Model {
  readonly now = new Uint8Array(DISK_BYTES / SECTOR);
  /** Values that a loss of power may bring back, by sector. */
  readonly maybe = Array.from({ length: DISK_BYTES / SECTOR }, () => new Set<number>([0]));

  set({ sector, sectors, fua }: Step, value: number): void {
    for (let s = sector; s < sector + sectors; s++) {
      this.now[s] = value;
      if (fua) this.maybe[s]?.clear();
      this.maybe[s]?.add(value);
    }
  }

  /** After a kill: all that was answered, or after a loss of power all that was promised. */
  found(data: Uint8Array, kind: 'kill' | 'power'): void {
    const wrong: number[] = [];
    for (const [s, before] of this.now.entries()) {
      const stamp = data[s * SECTOR] ?? 0;
      const right = kind === 'kill' ? stamp === before : (this.maybe[s]?.has(stamp) ?? false);
      if (!right) wrong.push(s);
      this.now[s] = stamp;
    }
    expect(wrong).toEqual([]);
  }

  flush(): void {
    for (const [sector, values] of this.maybe.entries()) {
      values.clear();
      values.add(this.now[sector] ?? 0);
    }
  }
}

test('no kill loses what was answered, no loss of power what was flushed', async () => {
  let kills = 0;
  await fc.assert(
    fc.asyncProperty(steps, async (list) => {
      let at = machine();
      const model = new Model();
      let harness = await open(at, STREAMS);
      let value = 0;
      for (const step of list) {
        value = (value % 250) + 1;
        const { kind, sector, sectors } = step;
        const [offset, length] = [sector * SECTOR, sectors * SECTOR];
        if (kind === 'time') {
          harness.clock.advance(2500);
          await quiet();
        } else if (kind === 'event') {
          const event = { kind: 'clone', sizeBytes: DISK_BYTES } as const;
          const more = { quiesced: false, filterLeaves: false };
          await harness.filter.diskEvent?.({ ...event, ...more, phase: 'prepare' });
          await harness.filter.diskEvent?.({ ...event, ...more, phase: 'done' });
        } else if (kind === 'kill' || kind === 'power') {
          kills += 1;
          at = kill(harness, at);
          if (kind === 'power') at.flash.losePower();
          harness = await open(at, STREAMS);
          model.found(await readOf(harness, 0, DISK_BYTES), kind);
        } else if (kind === 'flush') {
          await finish(harness, harness.submit('flush', 0, 0));
          model.flush();
        } else if (kind === 'read') {
          const data = await readOf(harness, offset, length);
          const stamps = Array.from({ length: sectors }, (_, s) => data[s * SECTOR]);
          expect(stamps).toEqual([...model.now.subarray(sector, sector + sectors)]);
        } else {
          const isWrite = kind === 'write';
          const data = isWrite ? filled(length, value) : length;
          const io = await finish(harness, harness.submit(kind, offset, data, step.fua));
          expect(io.error).toBe(0);
          model.set(step, isWrite ? value : 0);
        }
      }
      await harness.filter.close?.();
      model.found(at.disk, 'kill');
    }),
    { numRuns: 15 },
  );
  expect(kills).toBeGreaterThan(5);
});
