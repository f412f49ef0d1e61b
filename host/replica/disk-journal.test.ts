// Tests of how a journal gathers records: who waits for some is not held up by those that come
// later, and what came in one message or in many is written the same.
import { expect, test } from 'vitest';
import { encodeRecord, parseRecordHeader } from '#lib/filter-sdk/replication-record.ts';
import { SeededRandom } from '../sim/seeded-random.ts';
import { DiskJournal } from './disk-journal.ts';
import { FailingFiles } from './test-files.ts';

const DIRECTORY = '/journal';
const BYTES = 512;

function recordOf(sequence: number): Uint8Array {
  const at = { session: 1, sequence, timeUs: sequence, offset: sequence * BYTES, length: BYTES };
  return encodeRecord({ kind: 'write', ...at }, new Uint8Array(BYTES).fill(sequence));
}

async function open(files: FailingFiles): Promise<DiskJournal> {
  const parts = { files, directory: DIRECTORY, diskId: 'disk', segmentBytes: 4096 };
  return DiskJournal.open({ ...parts, onRecord: () => undefined }, 0);
}

async function make(): Promise<{ files: FailingFiles; journal: DiskJournal }> {
  const files = new FailingFiles(new SeededRandom(1));
  await files.makeDirectory(DIRECTORY);
  return { files, journal: await open(files) };
}

test('a sync is over when what came before it is durable, whatever comes meanwhile', async () => {
  const { journal } = await make();
  let last = 0;
  const add = (): void => {
    last += 1;
    const bytes = recordOf(last);
    journal.append(parseRecordHeader(bytes), bytes);
  };
  add();
  let isOver = false;
  const first = journal.sync().finally(() => {
    isOver = true;
  });
  // A source that never stops: as soon as one group is taken, the next has begun.
  for (let turn = 0; turn < 200 && !isOver; turn++) {
    add();
    void journal.sync();
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(isOver).toBe(true);
  await first;
  expect(journal.durable).toBeGreaterThanOrEqual(1);
  expect(journal.durable).toBeLessThan(last);
  await journal.sync();
  expect(journal.durable).toBe(last);
});

test('records of one message, of several, and of each alone come back as they were', async () => {
  const { files, journal } = await make();
  const sizes = [3, 1, 1, 5, 2, 9, 1];
  let last = 0;
  for (const count of sizes) {
    const message = Buffer.concat(
      Array.from({ length: count }, (_, at) => recordOf(last + 1 + at)),
    );
    for (let at = 0; at < message.length; at += 48 + BYTES) {
      const bytes = message.subarray(at, at + 48 + BYTES);
      journal.append(parseRecordHeader(bytes), bytes);
    }
    last += count;
    if (count % 2 === 1) await journal.sync();
  }
  await journal.sync();
  journal.close();
  files.restart();
  const again = await open(files);
  expect(again.durable).toBe(last);
  for (let record = 0; record < last; record++) {
    const data = Buffer.alloc(BYTES);
    await again.readData(record, 0, data);
    expect(data.equals(Buffer.alloc(BYTES, record + 1)), `record ${record + 1}`).toBe(true);
  }
});
