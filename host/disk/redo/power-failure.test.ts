// Tests of redo logs whose power fails at any moment, while several guests write and flush: what
// was flushed is there, and every other sector has one of the values that it was given since.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { systemClock } from '#lib/base/system-clock.ts';
import { formatCowdHeader, newCowdHeader } from '#lib/formats/vmdk/cowd.ts';
import { FLUSH, WRITE, WRITE_ZEROES } from '../../chain/chain-io.ts';
import type { Backing } from '../backing.ts';
import { readBacking, runIo } from '../backing-io.ts';
import { CrashFile, MemoryDisk } from '../files/test-files.ts';
import { mirrorForMerge } from '../merge-redo-log.ts';
import { RedoLog } from '../redo-log.ts';

/** A little more than two tables, and not whole ones. */
const SECTORS = 2 * 4096 + 777;
const SIZE = SECTORS * 512;
const GUESTS = 3;
/** Each guest has a part of its own, over the borders of tables. */
const PART = Math.floor(SECTORS / GUESTS);
/** What the parent has everywhere. */
const OLD = 0x11;
/** A sector of each value. */
const FILLED = Array.from({ length: 256 }, (_, value) => Buffer.alloc(512, value));

const stepArbitrary = fc.record({
  code: fc.constantFrom(WRITE, WRITE, WRITE, WRITE_ZEROES, FLUSH),
  sector: fc.oneof(fc.nat(PART - 1), fc.nat(60)),
  sectors: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 100, max: 2000 })),
  fill: fc.integer({ min: 1, max: 255 }),
  fua: fc.boolean(),
});
type Step = typeof stepArbitrary extends fc.Arbitrary<infer Value> ? Value : never;

/** What each sector may have: first what was flushed last, then what was written since. */
class Allowed {
  readonly #values = Array.from({ length: SECTORS }, () => [OLD]);

  wrote(from: number, to: number, value: number): void {
    for (let sector = from; sector < to; sector++) this.#values[sector]?.push(value);
  }

  /** The newest of each of a guest's sectors is durable. */
  flushed(from: number, to: number): void {
    for (let sector = from; sector < to; sector++) {
      this.#values[sector] = (this.#values[sector] ?? []).slice(-1);
    }
  }

  copy(): number[][] {
    return this.#values.map((values) => [...values]);
  }
}

/** One I/O after the other, in the guest's own part. */
async function guest(
  disk: Backing,
  allowed: Allowed,
  number: number,
  steps: readonly Step[],
): Promise<void> {
  const first = number * PART;
  const end = first + PART;
  for (const { code, sector, sectors, fill, fua } of steps) {
    const from = first + sector;
    const to = Math.min(from + sectors, end);
    const length = code === FLUSH ? 0 : (to - from) * 512;
    // From now on until it is done, and after, it may be there.
    if (code !== FLUSH) allowed.wrote(from, to, code === WRITE ? fill : 0);
    const request = { code, offset: from * 512, length, buffer: Buffer.alloc(length, fill), fua };
    expect(await new Promise((resolve) => runIo(disk, request, resolve))).toBe(0);
    if (code === FLUSH || fua) allowed.flushed(first, end);
  }
}

async function newLog(parent: Backing): Promise<{ log: RedoLog; file: CrashFile }> {
  const file = new CrashFile();
  const header = newCowdHeader(SECTORS);
  const bytes = Buffer.alloc(header.freeSector * 512);
  bytes.set(formatCowdHeader(header));
  file.writeNow(bytes, 0, bytes.length, 0);
  await new Promise((resolve) => file.sync(resolve));
  return { log: await openLog(file, parent), file };
}

function openLog(file: CrashFile, parent: Backing): Promise<RedoLog> {
  return RedoLog.open({ file, parent, clock: systemClock, readOnly: false });
}

async function contentsOf(log: RedoLog): Promise<Buffer> {
  const contents = Buffer.alloc(SIZE);
  expect(await readBacking(log, 0, contents)).toBe(0);
  return contents;
}

async function expectAllowed(log: RedoLog, allowed: readonly number[][]): Promise<void> {
  const contents = await contentsOf(log);
  for (const [sector, values] of allowed.entries()) {
    const bytes = contents.subarray(sector * 512, sector * 512 + 512);
    const [value = 0] = bytes;
    const whole = bytes.equals(FILLED[value] ?? bytes);
    if (!whole || !values.includes(value)) expect({ sector, value, whole }).toEqual(values);
  }
}

interface Failure {
  steps: readonly Step[][];
  /** Which writes that were not synced are there nevertheless. */
  keep: readonly boolean[];
  /** Turns of the event loop before the power fails. */
  moment: number;
}

const failureArbitrary: fc.Arbitrary<Failure> = fc.record({
  steps: fc.array(fc.array(stepArbitrary, { minLength: 1, maxLength: 12 }), {
    minLength: GUESTS,
    maxLength: GUESTS,
  }),
  keep: fc.array(fc.boolean(), { minLength: 50, maxLength: 50 }),
  moment: fc.nat(80),
});

/** Lets the guests work on a log, or on a mirror that merges it, until the power fails. */
async function failPower(
  { steps, keep, moment }: Failure,
  merging: boolean,
): Promise<{ again: RedoLog; left: CrashFile }> {
  const parent = new MemoryDisk(Buffer.alloc(SIZE, OLD));
  const { log, file } = await newLog(parent);
  const allowed = new Allowed();
  const mirror = merging ? mirrorForMerge(log) : null;
  const copying = mirror?.copy();
  const working = steps.map((each, number) => guest(mirror ?? log, allowed, number, each));
  for (let turn = 0; turn < moment; turn++) await new Promise((r) => setImmediate(r));
  const values = allowed.copy();
  let at = 0;
  const left = file.afterCrash(() => keep[at++ % keep.length] ?? false);
  const parentLeft = new MemoryDisk(Buffer.from(parent.bytes));
  await Promise.all([...working, copying]);
  const again = await openLog(left, parentLeft);
  await expectAllowed(again, values);
  return { again, left };
}

test('a log opens after any power failure with what was flushed, and goes on', async () => {
  await fc.assert(
    fc.asyncProperty(failureArbitrary, async (failure) => {
      const { again, left } = await failPower(failure, false);
      await guest(again, new Allowed(), 0, failure.steps[0] ?? []);
      expect(await again.flush()).toBe(0);
      const once = await openLog(
        left.afterCrash(() => false),
        again.parent,
      );
      expect((await contentsOf(once)).equals(await contentsOf(again))).toBe(true);
    }),
    { numRuns: 25 },
  );
});

test('a log that is being merged while it runs opens after any power failure', async () => {
  await fc.assert(
    fc.asyncProperty(failureArbitrary, async (failure) => {
      await failPower(failure, true);
    }),
    { numRuns: 25 },
  );
});
