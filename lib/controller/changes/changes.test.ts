// The change log against a real server: versions in the order of commits, and readers that miss
// nothing.
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { sleep } from '../../base/clock.ts';
import { systemClock } from '../../base/system-clock.ts';
import { Prisma } from '../database/generated/client.ts';
import { openTestDatabase, type TestDatabase } from '../database/test-database.ts';
import { type Change, followChanges } from './follow-changes.ts';
import { recordChange, recordChanges, trimChanges } from './record-change.ts';
import { transact } from './transact.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let db: TestDatabase;

beforeAll(async () => {
  db = await openTestDatabase();
});
afterAll(() => db.close());

/** A promise to be resolved from outside. */
function makeSignal(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

test('a reader with a cursor sees each change once and in order, though many write', async () => {
  const stop = new AbortController();
  const seen: Change[] = [];
  const wanted = 200;
  const connected = makeSignal();
  const following = followChanges({
    databaseUrl: db.url,
    fromVersion: 'latest',
    clock: systemClock,
    signal: stop.signal,
    onConnected: () => connected.resolve(),
    onChanges(changes) {
      seen.push(...changes);
      if (seen.length >= wanted) stop.abort();
    },
  });
  await connected.promise;
  const writers = Array.from({ length: 8 }, async (_, writer) => {
    for (let i = 0; i < wanted / 8; i++) {
      await transact(db.database, (tx) =>
        recordChange(tx, { object: `vm-${writer}`, path: 'state', value: i }),
      );
    }
  });
  await Promise.all([...writers, following]);
  expect(seen).toHaveLength(wanted);
  const versions = seen.map((change) => change.version);
  expect(versions).toEqual([...versions].sort((a, b) => Number(a - b)));
  for (let writer = 0; writer < 8; writer++) {
    const values = seen.filter((c) => c.object === `vm-${writer}`).map((c) => c.value);
    expect(values).toEqual(Array.from({ length: wanted / 8 }, (_, i) => i));
  }
});

test('a version drawn later never commits earlier', async () => {
  const order: string[] = [];
  const first = makeSignal();
  const slow = transact(db.database, async (tx) => {
    await recordChange(tx, { object: 'vm-1', path: 'slow' });
    first.resolve();
    await sleep(systemClock, 200);
    order.push('slow');
  });
  await first.promise;
  const quick = transact(db.database, async (tx) => {
    await recordChange(tx, { object: 'vm-1', path: 'quick' });
    order.push('quick');
  });
  await Promise.all([slow, quick]);
  expect(order).toEqual(['slow', 'quick']);
});

test('several changes keep their order, and old ones are trimmed', async () => {
  const paths = ['c', 'a', 'b'];
  await transact(db.database, (tx) =>
    recordChanges(
      tx,
      paths.map((path) => ({ object: 'host-9', path })),
    ),
  );
  const rows = await db.database.change.findMany({
    where: { object: 'host-9' },
    orderBy: { version: 'asc' },
  });
  expect(rows.map((row) => row.path)).toEqual(paths);
  expect(await trimChanges(db.database, 3600)).toBe(0);
  expect(await trimChanges(db.database, -1)).toBeGreaterThan(200);
});

test('a change that the database does not make in time is refused in words', async () => {
  const late = new Prisma.PrismaClientKnownRequestError(
    'Transaction API error: Transaction already closed: the timeout was 30000 ms.',
    { code: 'P2028', clientVersion: '7' },
  );
  const refused = transact(db.database, () => Promise.reject(late));
  await expect(refused).rejects.toMatchObject({
    fault: 'Timedout',
    message: expect.stringMatching(/^The database is too busy/),
  });
  const other = new Error('of another kind');
  await expect(transact(db.database, () => Promise.reject(other))).rejects.toBe(other);
});
