// A drive never brings a sector that is half of one write and half of another, also when a flush
// writes it while it is read; the disk below does that to reads that go on meanwhile.
import { expect, test } from 'vitest';
import type { BelowIo } from '#lib/filter-sdk/filter.ts';
import { VolatileCache } from './volatile-cache.ts';

const SECTOR = 512;

/** Reads in two halves, as long as somebody wants. */
class TornDisk implements BelowIo {
  readonly bytes = new Uint8Array(SECTOR);
  #goOn: () => void = () => undefined;

  async read(): Promise<Uint8Array> {
    const data = new Uint8Array(SECTOR);
    data.set(this.bytes.subarray(0, SECTOR / 2));
    await new Promise<void>((resolve) => {
      this.#goOn = resolve;
    });
    data.set(this.bytes.subarray(SECTOR / 2), SECTOR / 2);
    return data;
  }

  finishRead(): void {
    this.#goOn();
  }

  async write(_: number, data: Uint8Array): Promise<void> {
    this.bytes.set(data);
  }

  async writeZeroes(): Promise<void> {
    this.bytes.fill(0);
  }

  async trim(): Promise<void> {
    this.bytes.fill(0);
  }

  async flush(): Promise<void> {
    // Nothing of it is volatile.
  }
}

async function someTurns(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
}

test('a flush waits for reads of the disk that began before it', async () => {
  const disk = new TornDisk();
  const cache = new VolatileCache(disk);
  const reading = cache.read(0, SECTOR);
  cache.write(0, new Uint8Array(SECTOR).fill(7));
  const flushing = cache.flush();
  await someTurns();
  disk.finishRead();
  const found = new Set(await reading);
  expect(found.size, 'of one write').toBe(1);
  await flushing;
  expect(disk.bytes.every((byte) => byte === 7)).toBe(true);
});

test('and for those that went past the cache; the next ones do not', async () => {
  const disk = new TornDisk();
  const cache = new VolatileCache(disk);
  expect(cache.letPast(0, SECTOR)).toBe(true);
  cache.write(0, new Uint8Array(SECTOR).fill(7));
  const flushing = cache.flush();
  await someTurns();
  expect(disk.bytes.every((byte) => byte === 0)).toBe(true);
  expect(cache.letPast(SECTOR, SECTOR)).toBe(false);
  cache.wentPast();
  await flushing;
  expect(disk.bytes.every((byte) => byte === 7)).toBe(true);
  expect(cache.letPast(0, SECTOR)).toBe(true);
});
