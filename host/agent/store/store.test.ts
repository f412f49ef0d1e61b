// Tests of the agent's stores: what is read back after a crash at any byte, and limits on their
// growth.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { Journal } from './journal.ts';
import { StateFile } from './state-file.ts';

const schema = z.object({ number: z.number(), text: z.string() });
let folder = '';
let path = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-store-'));
  path = join(folder, 'journal.jsonl');
});

afterEach(() => rm(folder, { recursive: true, force: true }));

test('a journal cut at any byte gives back a prefix of what was appended', async () => {
  const written = await Journal.open({ path, schema, keep: 100 });
  for (let number = 0; number < 5; number++) await written.append({ number, text: 'zwölf\n' });
  await written.close();
  const whole = await readFile(path);
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length), async (length) => {
      await writeFile(path, whole.subarray(0, length));
      const read = await Journal.open({ path, schema, keep: 100 });
      const numbers = read.entries.map(({ number }) => number);
      await read.append({ number: 99, text: '' });
      await read.close();
      expect(numbers).toEqual([0, 1, 2, 3, 4].slice(0, numbers.length));
      const again = await Journal.open({ path, schema, keep: 100 });
      expect(again.entries.map(({ number }) => number)).toEqual([...numbers, 99]);
      await again.close();
    }),
    { numRuns: 60 },
  );
});

test('a journal keeps its newest entries and no more than twice as many', async () => {
  const journal = await Journal.open({ path, schema, keep: 10 });
  for (let number = 0; number < 55; number++) {
    await journal.append({ number, text: '' });
    expect(journal.entries.length).toBeLessThan(20);
  }
  expect(journal.entries.at(-1)?.number).toBe(54);
  await journal.close();
  const read = await Journal.open({ path, schema, keep: 10 });
  expect(read.entries.map(({ number }) => number)).toEqual(
    Array.from({ length: 10 }, (_, index) => 45 + index),
  );
  await read.close();
});

test('a state file starts with its first value and keeps the last that was set', async () => {
  const initial = { number: 1, text: 'first' };
  const file = await StateFile.open(path, schema, () => initial);
  expect(file.value).toEqual(initial);
  await Promise.all([2, 3, 4].map((number) => file.set({ number, text: '' })));
  expect(file.value.number).toBe(4);
  const read = await StateFile.open(path, schema, () => initial);
  expect(read.value.number).toBe(4);
});

test('a state file that was removed takes no value any more', async () => {
  const file = await StateFile.open(path, schema, () => ({ number: 1, text: '' }));
  await file.remove();
  await expect(file.set({ number: 2, text: '' })).rejects.toMatchObject({ fault: 'InvalidState' });
  await expect(readFile(path)).rejects.toMatchObject({ code: 'ENOENT' });
});
