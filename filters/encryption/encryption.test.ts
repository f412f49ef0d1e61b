// Tests of the encryption: what is below is cipher text, the guest reads what it wrote before,
// during and after every walk, and a kill between any two steps of a walk loses nothing. The cipher
// here is the harness's; host/agent has OpenSSL read what a real world wrote.
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EIO, type PropertyValues } from '#lib/filter-sdk/filter.ts';
import { FilterHarness, type HarnessIo } from '#lib/filter-sdk/filter-harness.ts';
import { HarnessKeys } from '#lib/filter-sdk/harness-keys.ts';
import encryption from './index.ts';
import { decodeState } from './stored-state.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const KEY = { keyProvider: 'lab', keyId: 'key-1' };

interface From {
  disk?: Uint8Array;
  sidecar?: Uint8Array | null;
  properties?: PropertyValues;
  keys?: HarnessKeys;
}

/** Not a Buffer: what the harness slices would share its memory. */
function noise(length: number): Uint8Array {
  return new Uint8Array(randomBytes(length));
}

function opened({ disk, sidecar = null, properties = {}, keys }: From = {}): FilterHarness {
  const harness = new FilterHarness(encryption, {
    properties: { ...KEY, ...properties },
    sizeBytes: disk?.length ?? 8 * MIB,
    sidecar,
    ...(keys && { keys }),
  });
  if (disk) harness.disk.set(disk);
  return harness;
}

/** Until the filter has nothing more to do, or for so many turns. */
async function settle(harness: FilterHarness, turns = 100_000): Promise<void> {
  for (let turn = 0; turn < turns; turn++) {
    if (harness.filter.progress?.()?.done) return;
    await Promise.resolve();
  }
}

function read(harness: FilterHarness, offset = 0, length = harness.disk.length): Uint8Array {
  const io = harness.run('read', offset, length);
  expect([io.state, io.error]).toEqual(['done', 0]);
  return io.data;
}

/** The disk deciphered with the data key that its sidecar wraps. */
function decryptedBelow(harness: FilterHarness): Uint8Array {
  const { current } = decodeState(harness.sidecar.stored ?? new Uint8Array(0));
  const wrapped = Buffer.from(current?.wrapped ?? '', 'hex');
  const key = harness.keys.require(current?.provider ?? '', current?.keyId ?? '').unwrap(wrapped);
  const copy = harness.disk.slice();
  harness.keys.cipher(key).decrypt(copy, 0);
  return copy;
}

function same(a: Uint8Array, b: Uint8Array): void {
  expect(Buffer.compare(a, b)).toBe(0);
}

describe('an encrypted disk', () => {
  test('holds cipher text of each sector under its number', async () => {
    const harness = opened();
    await settle(harness);
    const data = noise(64 * KIB);
    harness.run('write', 5 * MIB + 512, data);
    expect(Buffer.from(harness.disk).includes(Buffer.from(data.subarray(0, 512)))).toBe(false);
    same(decryptedBelow(harness).subarray(5 * MIB + 512, 5 * MIB + 512 + data.length), data);
    same(read(harness, 5 * MIB + 512, data.length), data);
  });

  test('reads zeroes where nothing was written, and what was trimmed or zeroed', async () => {
    const harness = opened();
    await settle(harness);
    same(read(harness), new Uint8Array(8 * MIB));
    for (const how of ['trim', 'writeZeroes'] as const) {
      harness.run('write', MIB, noise(8 * KIB));
      harness.run(how, MIB, 8 * KIB);
      same(read(harness, MIB, 8 * KIB), new Uint8Array(8 * KIB));
    }
    harness.run('write', MIB, new Uint8Array(4096));
    expect(harness.disk.subarray(MIB, MIB + 512).every((byte) => byte === 0)).toBe(false);
    same(read(harness, MIB, 8 * KIB), new Uint8Array(8 * KIB));
  });

  test('opens again with what its sidecar holds, and not without its key', async () => {
    const first = opened();
    await settle(first);
    const data = noise(16 * KIB);
    first.run('write', 0, data);
    const from = { disk: first.disk, sidecar: first.sidecar.stored };
    same(read(opened(from), 0, data.length), data);
    const keys = new HarnessKeys();
    keys.missing.add('lab/key-1');
    expect(() => opened({ ...from, keys })).toThrow('KeyNotAvailable: lab/key-1');
    expect(() => opened({ ...from, sidecar: noise(100) })).toThrow(/cannot be read/);
    expect(() => opened({ properties: { keyId: '' } })).toThrow(/no key was chosen/);
  });

  test('lets its filter go only in clear text', async () => {
    const harness = opened();
    harness.run('write', 0, noise(512));
    await settle(harness);
    const shape = { sizeBytes: 8 * MIB, quiesced: false, kind: 'detach' } as const;
    const leave = () =>
      harness.filter.diskEvent?.({ ...shape, phase: 'prepare', filterLeaves: true });
    await expect(leave()).rejects.toThrow(/has to be decrypted/);
    await harness.filter.diskEvent?.({ ...shape, phase: 'prepare', filterLeaves: false });
    await harness.filter.diskEvent?.({ ...shape, phase: 'undone', filterLeaves: false });
    harness.filter.setProperties?.({ ...KEY, decrypt: true });
    await settle(harness);
    await leave();
  });
});

describe('a walk', () => {
  const wishes: Record<string, PropertyValues> = {
    'a new data key': { ...KEY, generation: 2 },
    'a new key and a new data key': { keyProvider: 'lab', keyId: 'key-2', generation: 2 },
    'clear text': { ...KEY, decrypt: true },
    'a new key alone': { keyProvider: 'other', keyId: 'key-9' },
  };

  test('encrypts what was there before', async () => {
    const disk = noise(5 * MIB);
    const harness = opened({ disk });
    same(read(harness), disk);
    await settle(harness);
    same(read(harness), disk);
    same(decryptedBelow(harness), disk);
    expect(harness.filter.statistics?.()).toMatchObject({ encryptedShare: 100 });
  });

  test.each(Object.entries(wishes))('to %s keeps what the guest reads', async (_, wish) => {
    const harness = opened({ disk: noise(5 * MIB) });
    await settle(harness);
    const before = read(harness);
    const below = harness.disk.slice();
    harness.filter.setProperties?.(wish);
    await settle(harness);
    same(read(harness), before);
    const rewrapsOnly = wish.keyId === 'key-9';
    expect(Buffer.compare(below, harness.disk) === 0).toBe(rewrapsOnly);
    if (wish.decrypt === true) same(harness.disk, before);
    else same(decryptedBelow(harness), before);
  });

  test('stands still while the disk is copied', async () => {
    const harness = opened({ disk: noise(6 * MIB) });
    await settle(harness, 40);
    const shape = { sizeBytes: 6 * MIB, quiesced: false, filterLeaves: false };
    await harness.filter.diskEvent?.({ ...shape, kind: 'clone', phase: 'prepare' });
    const copy = { disk: harness.disk.slice(), sidecar: harness.sidecar.stored };
    await settle(harness, 200);
    same(harness.disk, copy.disk);
    same(read(opened(copy)), read(harness));
    await harness.filter.diskEvent?.({ ...shape, kind: 'clone', phase: 'done' });
    await settle(harness);
    expect(harness.filter.progress?.()).toMatchObject({ done: true });
  });

  test('that fails says so, hides nothing from the guest, and goes on later', async () => {
    const disk = noise(6 * MIB);
    const harness = opened({ disk });
    await settle(harness, 20);
    harness.below.broken = true;
    await settle(harness, 200);
    expect(harness.events).toHaveLength(1);
    expect(harness.filter.progress?.()?.trouble).toMatch(/EIO/);
    harness.below.broken = false;
    harness.clock.advance(5_000);
    await settle(harness);
    same(read(harness), disk);
    same(decryptedBelow(harness), disk);
  });

  test('that has failed is tried again when the guest asks for what it holds', async () => {
    const disk = noise(6 * MIB);
    const harness = opened({ disk });
    await settle(harness, 20);
    harness.below.broken = true;
    await settle(harness, 200);
    const failing = harness.submit('read', 0, 4 * KIB);
    expect(failing.state).toBe('deferred');
    await settle(harness, 200);
    expect([failing.state, failing.error]).toEqual(['done', EIO]);
    harness.below.broken = false;
    const io = harness.submit('read', 0, 4 * KIB);
    await settle(harness, 1_000);
    expect(io.state).toBe('submitted');
    harness.apply(io);
    harness.finish(io);
    same(io.data, disk.subarray(0, 4 * KIB));
    await settle(harness);
    same(decryptedBelow(harness), disk);
  });

  test('that has failed does not keep the guest waiting while it stands still', async () => {
    const harness = opened({ disk: noise(6 * MIB) });
    await settle(harness, 20);
    harness.below.broken = true;
    await settle(harness, 200);
    const waiting = harness.submit('read', 0, 4 * KIB);
    const size = { sizeBytes: harness.disk.length, quiesced: false, filterLeaves: false };
    await harness.filter.diskEvent?.({ ...size, kind: 'clone', phase: 'prepare' });
    const refused = harness.submit('read', 0, 4 * KIB);
    expect([waiting.state, refused.state]).toEqual(['done', 'done']);
    expect([waiting.error, refused.error]).toEqual([EIO, EIO]);
  });
});

/** A guest that writes while the walk goes, and knows what it was told is there. */
class BusyGuest {
  readonly harness: FilterHarness;
  /** What each sector holds; null while a write to it was not answered. */
  readonly known: Uint8Array;
  #open: { io: HarnessIo; byte: number }[] = [];

  constructor(harness: FilterHarness, known: Uint8Array) {
    this.harness = harness;
    this.known = known;
  }

  write(offset: number, byte: number, sectors: number): void {
    const data = new Uint8Array(sectors * 512).fill(byte);
    const io = this.harness.submit('write', offset, data);
    if (io.state === 'submitted') this.#finish(io, byte);
    else this.#open.push({ io, byte });
  }

  /** Those that waited and were let go. */
  look(): void {
    for (const { io, byte } of this.#open) if (io.state === 'submitted') this.#finish(io, byte);
    this.#open = this.#open.filter(({ io }) => io.state === 'deferred');
  }

  #finish(io: HarnessIo, byte: number): void {
    this.harness.apply(io);
    this.harness.finish(io);
    this.known.fill(byte, io.offset, io.offset + io.length);
  }
}

test('a kill between any two steps loses nothing that was answered', async () => {
  const writes = fc.array(
    fc.record({
      turns: fc.integer({ min: 0, max: 30 }),
      sector: fc.integer({ min: 0, max: 12_000 }),
      byte: fc.integer({ min: 0, max: 255 }),
      sectors: fc.integer({ min: 1, max: 200 }),
    }),
    { minLength: 1, maxLength: 12 },
  );
  const kinds = fc.constantFrom('encrypt', 'decrypt', 'deep');
  await fc.assert(
    fc.asyncProperty(writes, kinds, fc.integer({ min: 1, max: 80 }), async (all, kind, last) => {
      const disk = noise(6 * MIB);
      const wish: PropertyValues =
        kind === 'deep' ? { generation: 2 } : { decrypt: kind === 'decrypt' };
      const harness = opened({ disk });
      if (kind !== 'encrypt') {
        await settle(harness);
        harness.filter.setProperties?.({ ...KEY, ...wish });
      }
      const guest = new BusyGuest(harness, new Uint8Array(disk));
      for (const { turns, sector, byte, sectors } of all) {
        await settle(harness, turns);
        guest.look();
        guest.write(Math.min(sector, 12_288 - sectors) * 512, byte, sectors);
      }
      await settle(harness, last);
      guest.look();
      // The process is gone here. What it would still do goes to a copy that nobody looks at.
      const from = { disk: harness.disk.slice(), sidecar: harness.sidecar.stored };
      const next = opened({ ...from, properties: wish });
      await settle(next);
      same(read(next), guest.known);
      if (kind === 'decrypt') same(next.disk, guest.known);
    }),
    { numRuns: 40 },
  );
}, 120_000);

/** A drive that keeps what it is told in memory until it is flushed. */
class LossyDrive {
  readonly #harness: FilterHarness;
  #durable: Uint8Array;
  /** What the disk was for the guest since the last flush. */
  #possible: Uint8Array[];

  constructor(harness: FilterHarness, known: Uint8Array) {
    this.#harness = harness;
    this.#durable = harness.disk.slice();
    this.#possible = [known.slice()];
    const flush = harness.below.flush.bind(harness.below);
    harness.below.flush = async () => {
      await flush();
      this.#durable = harness.disk.slice();
      this.#possible = this.#possible.slice(-1);
    };
  }

  /** The guest does something, which is answered at once unless it has to wait. */
  change(operation: 'write' | 'trim', offset: number, data: Uint8Array): void {
    const io = this.#harness.submit(operation, offset, operation === 'trim' ? data.length : data);
    // What waits when the kill comes was never done.
    if (io.state !== 'submitted') return;
    this.#harness.apply(io);
    this.#harness.finish(io);
    const next = this.#possible.at(-1)?.slice() ?? new Uint8Array(0);
    next.set(operation === 'trim' ? new Uint8Array(data.length) : data, offset);
    this.#possible = [...this.#possible, next];
  }

  /**
   * What it holds after the kill, when of each sector that was not flushed `isLost` is asked, and
   * what the guest may find. What the process would still do is not looked at.
   */
  lose(isLost: (sector: number) => boolean): { disk: Uint8Array; possible: Uint8Array[] } {
    const left = this.#harness.disk.slice();
    for (let at = 0; at < left.length; at += 512) {
      if (isLost(at / 512)) left.set(this.#durable.subarray(at, at + 512), at);
    }
    return { disk: left, possible: this.#possible };
  }
}

test('a kill that takes what was not flushed leaves no sector between two states', async () => {
  const changes = fc.array(
    fc.record({
      turns: fc.integer({ min: 0, max: 20 }),
      operation: fc.constantFrom('write' as const, 'trim' as const),
      sector: fc.integer({ min: 0, max: 6000 }),
      sectors: fc.integer({ min: 1, max: 100 }),
    }),
    { minLength: 1, maxLength: 4 },
  );
  const wishes = fc.constantFrom<PropertyValues>({ decrypt: true }, { generation: 2 });
  const lost = fc.constantFrom(1, 2, 3);
  const last = fc.integer({ min: 0, max: 60 });
  const all = fc.record({ changes, wish: wishes, lost, last });
  await fc.assert(
    fc.asyncProperty(all, async ({ changes, wish, lost, last }) => {
      const disk = noise(3 * MIB);
      const harness = opened({ disk });
      await settle(harness);
      const drive = new LossyDrive(harness, disk);
      harness.filter.setProperties?.({ ...KEY, ...wish });
      for (const { turns, operation, sector, sectors } of changes) {
        await settle(harness, turns);
        drive.change(operation, Math.min(sector, 6144 - sectors) * 512, noise(sectors * 512));
      }
      await settle(harness, last);
      const { disk: left, possible } = drive.lose((sector) => sector % lost === 0);
      const kept = { disk: left, sidecar: harness.sidecar.stored };
      const next = opened({ ...kept, properties: wish });
      await settle(next);
      const found = read(next);
      for (let at = 0; at < found.length; at += 512) {
        const sector = found.subarray(at, at + 512);
        const isOne = possible.some(
          (each) => Buffer.compare(each.subarray(at, at + 512), sector) === 0,
        );
        expect(isOne, `sector ${at / 512} is none of what it was`).toBe(true);
      }
    }),
    { numRuns: 25 },
  );
}, 120_000);
