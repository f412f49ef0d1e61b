// Tests of a copy at a replication target: at any moment that it offers it is what a replay of the
// records gives, whatever was rolled, and whenever the power failed.
import { expect, test } from 'vitest';
import {
  encodeRecord,
  parseRecordHeader,
  type RecordHeader,
  type RecordKind,
} from '#lib/filter-sdk/replication-record.ts';
import { SeededRandom } from '../sim/seeded-random.ts';
import { ReplicaDisk } from './replica-disk.ts';
import { FailingFiles } from './test-files.ts';

const SECTOR = 512;
const SIZE = 64 * SECTOR;
const GROWN = 80 * SECTOR;
const PATIENT = { timeout: 120_000 };
const DIRECTORY = '/replica';
const PLACE = { diskId: 'web01/web01.vmdk', pairing: 'site-1', sizeBytes: SIZE };

/** Sends records to a copy, and knows what it must be. */
class Source {
  readonly records: { header: RecordHeader; bytes: Uint8Array }[] = [];
  /** Said to be durable. */
  acknowledged = 0;
  readonly #random: SeededRandom;
  #sequence = 0;

  constructor(random: SeededRandom) {
    this.#random = random;
    this.#add('resyncBegin', 0, 0);
    this.#add('resyncEnd', 0, 0);
  }

  next(): void {
    const random = this.#random;
    const kinds: RecordKind[] = ['write', 'write', 'write', 'trim', 'writeZeroes', 'mark'];
    if (random.chance(0.05)) {
      this.#add('grow', GROWN, 0);
      return;
    }
    const sector = random.below(SIZE / SECTOR);
    const sectors = 1 + random.below(Math.min(8, SIZE / SECTOR - sector));
    this.#add(random.pick(kinds), sector * SECTOR, sectors * SECTOR);
  }

  /** The disk behind the record of that sequence, as long as it can become. */
  at(sequence: number): Buffer {
    const disk = Buffer.alloc(GROWN);
    for (const { header, bytes } of this.records) {
      const { kind, offset, length } = header;
      if (header.sequence > sequence) break;
      if (kind === 'write') disk.set(bytes.subarray(48), offset);
      if (kind === 'trim' || kind === 'writeZeroes') disk.fill(0, offset, offset + length);
    }
    return disk;
  }

  #add(kind: RecordKind, offset: number, length: number): void {
    this.#sequence += 1 + this.#random.below(3);
    const isMark = kind === 'mark';
    const name = Buffer.from(`mark ${this.#sequence}`);
    const payload = kind === 'write' ? this.#random.bytes(length) : new Uint8Array(0);
    const record = {
      ...{ kind, session: 1, sequence: this.#sequence, timeUs: this.#sequence * 1000 },
      ...{ offset: isMark ? 0 : offset, length: isMark ? name.length : length },
    };
    const bytes = encodeRecord(record, isMark ? name : payload);
    this.records.push({ header: parseRecordHeader(bytes), bytes });
  }
}

function place(files: FailingFiles) {
  return { files, directory: DIRECTORY, segmentBytes: 8 * 1024 };
}

async function work(replica: ReplicaDisk, source: Source, random: SeededRandom): Promise<void> {
  for (let round = 0; round < 30; round++) {
    for (let count = random.below(4); count >= 0; count--) source.next();
    const { durable } = replica.journal;
    // What is there already is sent again now and then, as after a lost connection.
    const from = random.chance(0.2) ? 0 : durable;
    for (const { header, bytes } of source.records) {
      if (header.sequence > from) replica.journal.append(header, bytes);
    }
    await replica.journal.sync();
    source.acknowledged = replica.journal.durable;
    if (random.chance(0.3)) await replica.rollOldest();
  }
}

async function check(replica: ReplicaDisk, source: Source, random: SeededRandom): Promise<void> {
  const { durable } = replica.journal;
  expect(durable).toBeGreaterThanOrEqual(source.acknowledged);
  const first = Math.max(replica.windowStart, source.records[1]?.header.sequence ?? 0);
  if (durable < first) return;
  for (let tries = 0; tries < 6; tries++) {
    const sequence = first + random.below(durable - first + 1);
    const pin = replica.pin(sequence);
    const found = Buffer.alloc(GROWN, 0xee);
    await replica.read(sequence, 0, found);
    expect(found.equals(source.at(sequence)), `moment ${sequence}`).toBe(true);
    const grown = source.records.some(
      ({ header }) => header.kind === 'grow' && header.sequence <= sequence,
    );
    expect(replica.sizeAt(sequence)).toBe(grown ? GROWN : SIZE);
    replica.unpin(pin);
  }
  const marks = source.records.filter(({ header }) => header.kind === 'mark');
  const wanted = marks.filter(
    ({ header }) => header.sequence >= replica.windowStart && header.sequence <= durable,
  );
  expect(replica.bookmarks.map(({ sequence }) => sequence)).toEqual(
    wanted.map(({ header }) => header.sequence),
  );
}

test('any moment is what a replay gives, over power failures at any call', PATIENT, async () => {
  let failures = 0;
  for (let seed = 1; seed <= 15; seed++) {
    const random = new SeededRandom(seed);
    const files = new FailingFiles(random);
    files.volume.makeDirectory(DIRECTORY);
    files.volume.syncNames();
    const source = new Source(random);
    let replica = await ReplicaDisk.create(place(files), PLACE);
    for (let boot = 0; boot < 3; boot++) {
      files.failAfter(1 + random.below(120));
      await work(replica, source, random).catch((thrown: unknown) => {
        failures += 1;
        expect(String(thrown)).toMatch(/power has failed|EIO|cannot be/);
      });
      files.restart();
      replica = await ReplicaDisk.open(place(files));
      await check(replica, source, random);
    }
    await work(replica, source, random);
    await check(replica, source, random);
  }
  expect(failures).toBeGreaterThan(25);
});

test('a power failure while the copy is being opened costs nothing', PATIENT, async () => {
  for (let seed = 1; seed <= 8; seed++) {
    const random = new SeededRandom(seed);
    const files = new FailingFiles(random);
    files.volume.makeDirectory(DIRECTORY);
    const source = new Source(random);
    await work(await ReplicaDisk.create(place(files), PLACE), source, random);
    for (let calls = 0; calls < 12; calls++) {
      files.restart();
      files.failAfter(calls);
      await ReplicaDisk.open(place(files)).catch(() => undefined);
    }
    files.restart();
    await check(await ReplicaDisk.open(place(files)), source, random);
  }
});

test('a pinned moment is not rolled away, and moments that are gone are refused', async () => {
  const random = new SeededRandom(7);
  const files = new FailingFiles(random);
  files.volume.makeDirectory(DIRECTORY);
  const source = new Source(random);
  const replica = await ReplicaDisk.create(place(files), PLACE);
  expect(() => replica.pin(0)).toThrow('brought up to date');
  await work(replica, source, random);
  const start = Math.max(replica.windowStart, source.records[1]?.header.sequence ?? 0);
  const pin = replica.pin(start);
  expect(await replica.rollOldest()).toBe(false);
  replica.unpin(pin);
  await replica.journal.rotate();
  while (await replica.rollOldest()) expect(replica.journal.segments).toBeGreaterThan(0);
  expect(replica.windowStart).toBe(replica.journal.durable);
  expect(() => replica.pin(start)).toThrow('the journal begins');
  expect(() => replica.pin(replica.journal.durable + 1)).toThrow('the last record is');
  await check(replica, source, random);
});

test('damage in the middle ends the window there, until all was sent again', async () => {
  const random = new SeededRandom(11);
  const files = new FailingFiles(random);
  files.volume.makeDirectory(DIRECTORY);
  const source = new Source(random);
  const replica = await ReplicaDisk.create(place(files), PLACE);
  for (let count = 0; count < 60; count++) source.next();
  for (const { header, bytes } of source.records) replica.journal.append(header, bytes);
  await replica.journal.sync();
  const { durable } = replica.journal;
  const middle = files.volume.find(`${DIRECTORY}/journal-000000000002.seg`);
  middle.bytes[48 + 4] = 0xff;
  const again = await ReplicaDisk.open(place(files));
  expect(again.journal.durable).toBe(durable);
  expect(again.moments.needsResync).toBe(true);
  expect(() => again.pin(durable)).toThrow('is damaged');
  const good = again.journal.damage?.after ?? 0;
  const disk = Buffer.alloc(GROWN);
  again.pin(good);
  await again.read(good, 0, disk);
  expect(disk.equals(source.at(good))).toBe(true);
});

test('a journal that found no room goes on behind what is durable when there is some', async () => {
  const random = new SeededRandom(13);
  const files = new FailingFiles(random);
  files.volume.makeDirectory(DIRECTORY);
  const source = new Source(random);
  const replica = await ReplicaDisk.create(place(files), PLACE);
  const send = async (): Promise<void> => {
    for (const { header, bytes } of source.records) replica.journal.append(header, bytes);
    await replica.journal.sync();
  };
  for (let count = 0; count < 20; count++) source.next();
  await send();
  const before = replica.journal.durable;
  source.next();
  files.full = true;
  await expect(send()).rejects.toThrow('no space');
  expect(replica.journal.hasFailed).toBe(true);
  await expect(send()).rejects.toThrow('no space');
  expect(replica.journal.durable).toBe(before);
  files.full = false;
  await replica.journal.recover();
  for (let count = 0; count < 20; count++) source.next();
  await send();
  source.acknowledged = replica.journal.durable;
  expect(source.acknowledged).toBe(source.records.at(-1)?.header.sequence);
  await check(replica, source, random);
  await check(await ReplicaDisk.open(place(files)), source, random);
});
