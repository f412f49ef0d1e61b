// Tests of the inspector: what it calls orderly, compressed and encrypted, and when it raises its
// event. Ransomware here reads a file and writes it back encrypted.
import { createCipheriv, randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { FilterHarness } from '#lib/filter-sdk/filter-harness.ts';
import { XorShift } from '#lib/filter-sdk/xor-shift.ts';
import { BLOCK_BYTES, DENSE, EMPTY, examine, ORDERLY, RANDOM } from './block-entropy.ts';
import entropy from './index.ts';
import { SlidingCount } from './sliding-count.ts';

const MIB = 1024 * 1024;
const FILE_BYTES = 64 * 1024;
const SETTINGS = { sampling: 1, thresholdMib: 1, windowSeconds: 60 };

const TEXT = text(8 * MIB);
/** What a compressor makes of it, as much as a file holds. */
const ARCHIVE = gzipSync(TEXT.subarray(0, MIB)).subarray(1000, 1000 + FILE_BYTES);

/** A disk of text, a log of events, and a guest that works on files of 64 KiB. */
class Guest {
  readonly harness: FilterHarness;

  constructor(properties: Record<string, number> = {}, state: Uint8Array | null = null) {
    this.harness = new FilterHarness(entropy, {
      properties: { ...SETTINGS, ...properties },
      state,
      sizeBytes: 8 * MIB,
    });
    this.harness.disk.set(TEXT);
  }

  get events(): string[] {
    return this.harness.events;
  }

  read(file: number): Uint8Array {
    return this.harness.run('read', file * FILE_BYTES, FILE_BYTES).data;
  }

  write(file: number, data: Uint8Array): void {
    this.harness.run('write', file * FILE_BYTES, data);
  }

  numbers(): Record<string, number> {
    return this.harness.filter.statistics?.() ?? {};
  }

  encryptFiles(count: number, pauseMs = 10): void {
    for (let file = 0; file < count; file++) {
      this.write(file, encrypt(this.read(file)));
      this.harness.clock.advance(pauseMs);
    }
  }
}

/** Words by chance, as a log or a table has them. */
function text(bytes: number): Uint8Array {
  const random = new XorShift(5);
  const words = [
    'alpha',
    'beta',
    'gamma',
    'delta',
    'value=',
    '0x',
    '\n',
    '2026-01-',
    ', ',
    '"id":',
  ];
  let out = '';
  while (out.length < bytes) {
    const word = words[Math.floor(random.next() * words.length)] ?? '';
    out += word + Math.floor(random.next() * 100_000);
  }
  return new TextEncoder().encode(out.slice(0, bytes));
}

function encrypt(data: Uint8Array): Uint8Array {
  return createCipheriv('aes-256-ctr', randomBytes(32), randomBytes(16)).update(data);
}

describe('a block', () => {
  test.each<[string, Uint8Array, number]>([
    ['of zeroes is empty', new Uint8Array(BLOCK_BYTES), EMPTY],
    ['of one value is empty', new Uint8Array(BLOCK_BYTES).fill(0xff), EMPTY],
    ['of text is orderly', text(BLOCK_BYTES), ORDERLY],
    ['of all values in turn is too even for chance, and called random', ramp(), RANDOM],
    ['with favourites is dense', favourites(), DENSE],
  ])('%s', (_, data, look) => {
    expect(examine(data, 0)).toBe(look);
  });

  test('of encrypted data is random, a thousand times', () => {
    const data = encrypt(TEXT.subarray(0, 1000 * BLOCK_BYTES));
    let random = 0;
    for (let at = 0; at < data.length; at += BLOCK_BYTES)
      if (examine(data, at) === RANDOM) random += 1;
    expect(random).toBeGreaterThan(990);
  });
});

function ramp(): Uint8Array {
  return Uint8Array.from({ length: BLOCK_BYTES }, (_, i) => i % 256);
}

function favourites(): Uint8Array {
  return randomBytes(BLOCK_BYTES).map((byte, index) => (index % 10 === 0 ? byte & 0x0f : byte));
}

describe('the event', () => {
  test('is raised once while files are encrypted in place, and says how much', () => {
    const guest = new Guest();
    guest.encryptFiles(64);
    expect(guest.events).toHaveLength(1);
    expect(guest.events[0]).toMatch(/about 1 MiB of orderly data .* within 60 s/);
    const { alarms, turned, suspicion } = guest.numbers();
    expect(alarms).toBe(1);
    expect(turned).toBeCloseTo(4, 0);
    expect(suspicion).toBeCloseTo(400, -1);
  });

  test('is raised for a ransomware that encrypts every second block only', () => {
    const guest = new Guest();
    for (let file = 0; file < 64; file++) {
      const data = guest.read(file);
      for (let at = 0; at < FILE_BYTES; at += 2 * BLOCK_BYTES) {
        const part = encrypt(data.subarray(at, at + BLOCK_BYTES));
        guest.harness.run('write', file * FILE_BYTES + at, part);
      }
    }
    expect(guest.events).toHaveLength(1);
  });

  test('is raised with sampling too', () => {
    const guest = new Guest({ sampling: 4 });
    guest.encryptFiles(64);
    expect(guest.events).toHaveLength(1);
  });

  test('is raised again after a quiet time', () => {
    const guest = new Guest();
    guest.encryptFiles(32);
    guest.harness.clock.advance(120_000);
    expect(guest.numbers().turned).toBe(0);
    for (let file = 64; file < 96; file++) guest.write(file, encrypt(guest.read(file)));
    expect(guest.events).toHaveLength(2);
  });

  test.each<[string, (guest: Guest) => void]>([
    [
      'new archives on free space',
      (guest) => {
        for (let file = 0; file < 128; file++) guest.write(file, ARCHIVE);
      },
    ],
    [
      'a database that rewrites its own pages',
      (guest) => {
        for (let file = 0; file < 128; file++) guest.write(file, guest.read(file).toReversed());
      },
    ],
    [
      'a volume that is encrypted already and is written on',
      (guest) => {
        guest.harness.disk.set(encrypt(guest.harness.disk));
        guest.encryptFiles(128);
      },
    ],
    [
      'a volume of archives that is encrypted',
      (guest) => {
        for (let file = 0; file < 128; file++) guest.harness.disk.set(ARCHIVE, file * FILE_BYTES);
        guest.encryptFiles(128);
      },
    ],
    [
      'encrypted data into space that was trimmed',
      (guest) => {
        for (let file = 0; file < 128; file++) {
          guest.read(file);
          guest.harness.run('trim', file * FILE_BYTES, FILE_BYTES);
          guest.write(file, randomBytes(FILE_BYTES));
        }
      },
    ],
    ['a few encrypted files', (guest) => guest.encryptFiles(12)],
    ['files that are encrypted slowly', (guest) => guest.encryptFiles(64, 10_000)],
    [
      'a little encryption beside much else',
      (guest) => {
        for (let file = 0; file < 128; file++) {
          const data = guest.read(file);
          guest.write(file, file % 4 === 0 ? encrypt(data) : data.toReversed());
        }
      },
    ],
  ])('is not raised for %s', (_, work) => {
    const guest = new Guest();
    work(guest);
    expect(guest.events).toEqual([]);
    expect(guest.numbers().alarms).toBe(0);
  });
});

test('a failed write leaves nothing known, and is not held against the guest twice', () => {
  const guest = new Guest();
  const data = encrypt(guest.read(0));
  const io = guest.harness.submit('write', 0, data);
  guest.harness.finish(io, 5);
  expect(guest.numbers()).toMatchObject({ overwritten: 16, known: 0 });
});

test('a write across blocks forgets those that it covers in part', () => {
  const guest = new Guest();
  guest.read(0);
  guest.harness.run('write', 512, new Uint8Array(BLOCK_BYTES));
  expect(guest.numbers().known).toBe(14);
});

test('what was learnt moves with the VM, and goes when a snapshot takes its place', () => {
  const source = new Guest();
  for (let file = 0; file < 64; file++) source.read(file);
  const target = new Guest({}, source.harness.filter.saveState?.() ?? null);
  expect(target.numbers().known).toBe(1024);
  for (let file = 0; file < 64; file++) target.write(file, randomBytes(FILE_BYTES));
  expect(target.events).toHaveLength(1);
  const shape = { sizeBytes: 8 * MIB, quiesced: false, filterLeaves: false };
  const revert = { kind: 'snapshotRevert', ...shape } as const;
  void target.harness.filter.diskEvent?.({ ...revert, phase: 'prepare' });
  expect(target.numbers().known).toBe(1024);
  void target.harness.filter.diskEvent?.({ ...revert, phase: 'done' });
  expect(target.numbers().known).toBe(0);
  for (const bad of [[], [1, 2, 3], [0, 0, 0, 0, 1, 2], [0x45, 0x4e, 0x54, 0x31, 9]])
    expect(new Guest({}, Uint8Array.from(bad)).numbers().known).toBe(0);
});

test('a sliding count forgets what is older than its window', () => {
  const count = new SlidingCount(12_000, 500);
  count.add(500);
  count.add(6_000);
  expect([count.total(11_900), count.total(12_100), count.total(18_100)]).toEqual([2, 1, 0]);
  expect(count.total(1e9)).toBe(0);
});
