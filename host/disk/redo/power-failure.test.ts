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

test('a log opens after any power failure with what was flushed, and goes on', async () => {
  const stepsArbitrary = fc.array(stepArbitrary, { minLength: 1, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(stepsArbitrary, { minLength: GUESTS, maxLength: GUESTS }),
      fc.array(fc.boolean(), { minLength: 50, maxLength: 50 }),
      fc.nat(80),
      async (steps, keep, moment) => {
        const parent = new MemoryDisk(Buffer.alloc(SIZE, OLD));
        const { log, file } = await newLog(parent);
        const allowed = new Allowed();
        const working = steps.map((each, number) => guest(log, allowed, number, each));
        for (let turn = 0; turn < moment; turn++) await new Promise((r) => setImmediate(r));
        const values = allowed.copy();
        let at = 0;
        const left = file.afterCrash(() => keep[at++ % keep.length] ?? false);
        await Promise.all(working);
        const again = await openLog(left, parent);
        await expectAllowed(again, values);
        const [some = []] = steps;
        await guest(again, new Allowed(), 0, some);
        expect(await again.flush()).toBe(0);
        const once = await openLog(
          left.afterCrash(() => false),
          parent,
        );
        expect((await contentsOf(once)).equals(await contentsOf(again))).toBe(true);
      },
    ),
    { numRuns: 25 },
  );
});
