// Tests of copies, mirrors and merges while a guest reads and writes, against a plain array; with
// failures and cancellation in the middle.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { systemClock } from '#lib/base/system-clock.ts';
import { formatCowdHeader, newCowdHeader } from '#lib/formats/vmdk/cowd.ts';
import { type ChainIo, READ, WRITE, WRITE_ZEROES } from '../chain/chain-io.ts';
import type { Backing } from './backing.ts';
import { readBacking, runIo, writeBacking } from './backing-io.ts';
import { copyBacking } from './copy-backing.ts';
import { CrashFile, MemoryDisk } from './files/test-files.ts';
import { mergeRedoLog, mirrorForMerge } from './merge-redo-log.ts';
import { MirrorBacking } from './mirror-backing.ts';
import { RedoLog } from './redo-log.ts';

/** Some regions of 1 MiB, and not whole ones. */
const SECTORS = 4 * 2048 + 555;
const SIZE = SECTORS * 512;

/** A disk in memory that takes its time, in turns of the event loop. */
class SlowDisk extends MemoryDisk {
  override submit(io: ChainIo): number {
    const { carrier } = io;
    if (carrier === null || io.offset % 3 === 0) return super.submit(io);
    setImmediate(() => setImmediate(() => carrier.diskDone(io, super.submit(io))));
    return -1;
  }
}

/** Of what arrives in one turn, the last is done first. */
class BackwardDisk extends MemoryDisk {
  readonly #arrived: ChainIo[] = [];

  override submit(io: ChainIo): number {
    const { carrier } = io;
    if (carrier === null) return super.submit(io);
    this.#arrived.push(io);
    setImmediate(() => {
      const last = this.#arrived.pop();
      if (last !== undefined) last.carrier?.diskDone(last, super.submit(last));
    });
    return -1;
  }
}

const stepArbitrary = fc.record({
  code: fc.constantFrom(WRITE, WRITE, READ, WRITE_ZEROES),
  sector: fc.nat(SECTORS - 1),
  sectors: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 100, max: 4000 })),
  fill: fc.integer({ min: 1, max: 255 }),
  wait: fc.nat(3),
});
type Step = typeof stepArbitrary extends fc.Arbitrary<infer Value> ? Value : never;

/** Does steps one after the other, as a guest would, and keeps the array equal. */
async function guest(disk: Backing, model: Buffer, steps: readonly Step[]): Promise<void> {
  for (const { code, sector, sectors, fill, wait } of steps) {
    const offset = sector * 512;
    const length = Math.min(sectors * 512, SIZE - offset);
    const buffer = Buffer.alloc(length, code === READ ? 0 : fill);
    const error = await new Promise((resolve) =>
      runIo(disk, { code, offset, length, buffer }, resolve),
    );
    expect(error).toBe(0);
    const part = model.subarray(offset, offset + length);
    if (code === READ) expect(buffer.equals(part)).toBe(true);
    else part.fill(code === WRITE ? fill : 0);
    for (let turn = 0; turn < wait; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
}

async function contentsOf(disk: Backing): Promise<Buffer> {
  const buffer = Buffer.alloc(SIZE);
  expect(await readBacking(disk, 0, buffer)).toBe(0);
  return buffer;
}

/** Halves of the disk belong to two guests, so that their writes never overlap. */
function halves(steps: readonly Step[]): [Step[], Step[]] {
  const middle = Math.floor(SECTORS / 2);
  const low = steps.map((step) => {
    const sector = step.sector % middle;
    return { ...step, sector, sectors: Math.min(step.sectors, middle - sector) };
  });
  const high = steps.map((step) => ({ ...step, sector: middle + (step.sector % middle) }));
  return [low, high];
}

async function bothGuests(disk: Backing, model: Buffer, steps: readonly Step[]): Promise<void> {
  const [low, high] = halves(steps);
  await Promise.all([guest(disk, model, low), guest(disk, model, high)]);
}

async function newLog(parent: Backing): Promise<{ log: RedoLog; file: CrashFile }> {
  const file = new CrashFile();
  const header = newCowdHeader(SECTORS);
  const bytes = Buffer.alloc(header.freeSector * 512);
  bytes.set(formatCowdHeader(header));
  file.writeNow(bytes, 0, bytes.length, 0);
  return { log: await openLog(file, parent), file };
}

function openLog(file: CrashFile, parent: Backing): Promise<RedoLog> {
  return RedoLog.open({ file, parent, clock: systemClock, readOnly: false });
}

test('a mirror copies behind the guest, and both places are equal in the end', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(stepArbitrary, { maxLength: 40 }), async (steps) => {
      const model = Buffer.alloc(SIZE);
      model.fill(0x77, 0, SIZE / 2);
      const source = new SlowDisk(Buffer.from(model));
      const target = new SlowDisk(Buffer.alloc(SIZE));
      const mirror = new MirrorBacking({ source, target, targetIsZero: true });
      const working = bothGuests(mirror, model, steps);
      await mirror.copy();
      await working;
      await bothGuests(mirror, model, steps.slice(0, 5));
      await mirror.finish();
      expect(mirror.copied).toBe(true);
      expect(source.bytes.equals(model)).toBe(true);
      expect(target.bytes.equals(model)).toBe(true);
    }),
    { numRuns: 15 },
  );
});

test('of writes that overlap, the same one stands last in both places', async () => {
  const source = new SlowDisk(Buffer.alloc(SIZE));
  const target = new BackwardDisk(Buffer.alloc(SIZE));
  const mirror = new MirrorBacking({ source, target, targetIsZero: true });
  await mirror.copy();
  const write = (fill: number, sector: number): Promise<number> => {
    const buffer = Buffer.alloc(4096, fill);
    const request = { code: WRITE, offset: sector * 512, length: 4096, buffer } as const;
    return new Promise((resolve) => runIo(mirror, request, resolve));
  };
  const writes = [1, 2, 3, 4, 5].map((fill) => write(fill, fill));
  expect(await Promise.all(writes)).toEqual([0, 0, 0, 0, 0]);
  expect(source.bytes[5 * 512]).toBeGreaterThan(0);
  expect(target.bytes.equals(source.bytes)).toBe(true);
  await mirror.finish();
});

test('an error of the target ends the mirror, and the guest sees nothing of it', async () => {
  const model = Buffer.alloc(SIZE, 0x11);
  const source = new SlowDisk(Buffer.from(model));
  const target = new SlowDisk(Buffer.alloc(SIZE));
  const broken: number[] = [];
  const onBroken = (errno: number): void => void broken.push(errno);
  const mirror = new MirrorBacking({ source, target, targetIsZero: true, onBroken });
  const copy = mirror.copy({
    onProgress: (done) => {
      if (done > 2_000_000) target.error = 28;
    },
  });
  await expect(copy).rejects.toMatchObject({ fault: 'NoDiskSpace' });
  expect(broken).toEqual([28]);
  expect(mirror.broken).toBe(true);
  const steps = fc.sample(stepArbitrary, { numRuns: 10, seed: 1 });
  await bothGuests(mirror, model, steps);
  expect(source.bytes.equals(model)).toBe(true);
  await expect(mirror.finish()).rejects.toMatchObject({ fault: 'NoDiskSpace' });
});

test('a cancelled mirror goes on at the source, also for writes that waited', async () => {
  const model = Buffer.alloc(SIZE, 0x11);
  const source = new SlowDisk(Buffer.from(model));
  const mirror = new MirrorBacking({
    source,
    target: new SlowDisk(Buffer.alloc(SIZE)),
    targetIsZero: true,
  });
  const abort = new AbortController();
  const working = bothGuests(mirror, model, fc.sample(stepArbitrary, { numRuns: 20, seed: 2 }));
  const copy = mirror.copy({ signal: abort.signal, onProgress: () => abort.abort() });
  await expect(copy).rejects.toMatchObject({ fault: 'RequestCanceled' });
  await working;
  expect(source.bytes.equals(model)).toBe(true);
});

test('a running redo log merges into its parent while the guest writes', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(stepArbitrary, { maxLength: 15 }),
      fc.array(stepArbitrary, { maxLength: 25 }),
      async (before, during) => {
        const model = Buffer.alloc(SIZE, 0x11);
        const parent = new SlowDisk(Buffer.from(model));
        const { log } = await newLog(parent);
        await bothGuests(log, model, before);
        const mirror = mirrorForMerge(log);
        const working = bothGuests(mirror, model, during);
        await mirror.copy();
        await working;
        await mirror.finish();
        expect((await contentsOf(log)).equals(model)).toBe(true);
        expect(parent.bytes.equals(model)).toBe(true);
      },
    ),
    { numRuns: 12 },
  );
});

test('a frozen log merges under a running one, and may be cut off anywhere', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(stepArbitrary, { minLength: 1, maxLength: 15 }),
      fc.array(stepArbitrary, { maxLength: 20 }),
      fc.nat(6),
      async (frozenSteps, during, cutAfter) => {
        const model = Buffer.alloc(SIZE, 0x11);
        const base = new SlowDisk(Buffer.from(model));
        const frozen = await newLog(base);
        await bothGuests(frozen.log, model, frozenSteps);
        expect(await frozen.log.flush()).toBe(0);
        const child = await newLog(frozen.log);
        const working = bothGuests(child.log, model, during);
        const abort = new AbortController();
        let steps = 0;
        const merging = mergeRedoLog({
          frozen: frozen.log,
          signal: abort.signal,
          onProgress: () => {
            steps += 1;
            if (steps > cutAfter) abort.abort();
          },
        });
        await merging.catch((error: unknown) => {
          expect(error).toMatchObject({ fault: 'RequestCanceled' });
        });
        await working;
        expect(await child.log.flush()).toBe(0);
        // The process dies here; what it flushed is opened again, and merged from the beginning.
        const again = await openLog(
          frozen.file.afterCrash(() => false),
          base,
        );
        const top = await openLog(
          child.file.afterCrash(() => false),
          again,
        );
        expect((await contentsOf(top)).equals(model)).toBe(true);
        await mergeRedoLog({ frozen: again });
        top.replaceParent(base);
        expect((await contentsOf(top)).equals(model)).toBe(true);
      },
    ),
    { numRuns: 12 },
  );
});

test('a copy is equal, writes no zeroes, says how far it is, can be cancelled', async () => {
  const source = new SlowDisk(Buffer.alloc(SIZE));
  await writeBacking(source, 3 * 512, Buffer.alloc(200_000 - (200_000 % 512), 0x55));
  const target = new SlowDisk(Buffer.alloc(SIZE));
  const progress: number[] = [];
  const onProgress = (done: number): void => void progress.push(done);
  const bytes = await copyBacking({ source, target, targetIsZero: true, onProgress });
  expect(target.bytes.equals(source.bytes)).toBe(true);
  expect(bytes).toBeLessThan(300_000);
  expect(progress.at(-1)).toBe(SIZE);
  const signal = AbortSignal.abort();
  const cancelled = copyBacking({ source, target, targetIsZero: true, signal });
  await expect(cancelled).rejects.toMatchObject({ fault: 'RequestCanceled' });
  target.error = 28;
  const full = copyBacking({ source, target, targetIsZero: true });
  await expect(full).rejects.toMatchObject({ fault: 'NoDiskSpace' });
});
