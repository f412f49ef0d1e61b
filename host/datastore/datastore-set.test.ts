// Datastores that hang: one delays no other, neither when they are mounted nor when they are looked
// at again, and is reported when it answers.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Clock } from '#lib/base/clock.ts';
import { systemClock } from '#lib/base/system-clock.ts';
import { DATASTORE_MARKER } from './datastore.ts';
import type { DatastoreConfig } from './datastore-config.ts';
import { DatastoreSet, type MountedDatastore } from './datastore-set.ts';

let directory: string;
/** Timers that are not cancelled, to be rung by hand. */
let timers: Set<() => void>;
let clock: Clock;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-datastores-'));
  timers = new Set();
  clock = {
    ...{ now: systemClock.now, monotonic: systemClock.monotonic },
    after: (_, run) => {
      timers.add(run);
      return { cancel: () => timers.delete(run) };
    },
  };
});

afterEach(() => rm(directory, { recursive: true }));

const configOf = (name: string): DatastoreConfig => ({
  ...{ id: `datastore-${name}`, name, type: 'NFS', path: join(directory, name), options: {} },
});
const markerOf = (name: string): string => join(directory, name, DATASTORE_MARKER);

/** Reading a pipe's end waits for somebody who writes, as a server that is gone has one wait. */
async function hang(name: string): Promise<void> {
  await rm(markerOf(name), { force: true });
  await promisify(execFile)('mkfifo', [markerOf(name)]);
}

/** Who waits gets what it asked for. */
async function answer(name: string): Promise<void> {
  const pipe = await open(markerOf(name), 'w');
  await rm(markerOf(name));
  const marker = JSON.stringify({ format: 1, id: `datastore-${name}`, type: 'NFS' });
  await writeFile(markerOf(name), marker);
  await pipe.writeFile(marker);
  await pipe.close();
}

/** Refreshes until the one named has changed; returns the names of all that have. */
function changes(set: DatastoreSet, until: string): Promise<MountedDatastore[]> {
  const seen: MountedDatastore[] = [];
  return new Promise((resolve) => {
    set.refresh((now) => {
      seen.push(now);
      if (now.config.name === until) resolve(seen);
    });
  });
}

test('one that hangs is inaccessible and delays no other', async () => {
  await mkdir(directory, { recursive: true });
  const set = new DatastoreSet(clock);
  await set.mount([configOf('slow'), configOf('quick')]);
  expect(set.list().map(({ accessible }) => accessible)).toEqual([true, true]);
  expect(timers.size).toBe(0);

  await hang('slow');
  await writeFile(markerOf('quick'), JSON.stringify({ id: 'another' }));
  const [quick, ...more] = await changes(set, 'quick');
  expect(quick).toMatchObject({ accessible: false, config: { name: 'quick' } });
  expect(more).toEqual([]);
  while (timers.size !== 1) await promisify(setImmediate)();
  // It is not asked again while it has not answered, and said to hang when its time is over.
  const [ring] = timers;
  set.refresh(() => expect.unreachable('nothing else has changed'));
  ring?.();
  const [slow] = set.list();
  const message = `${configOf('slow').path} did not answer within 10 s.`;
  expect(slow).toMatchObject({ accessible: false, message });
  await answer('slow');
  while (set.list()[0]?.accessible !== true) await promisify(setImmediate)();
});

test('one that hangs when it is mounted is there when it answers', async () => {
  await mkdir(join(directory, 'slow'));
  await hang('slow');
  const set = new DatastoreSet(clock);
  const mounting = set.mount([configOf('slow'), configOf('quick')]);
  // The one that answers has cancelled its timer.
  while (timers.size !== 1) await promisify(setImmediate)();
  for (const ring of timers) ring();
  await mounting;
  expect(set.list().map(({ accessible }) => accessible)).toEqual([false, true]);
  await answer('slow');
  while (timers.size > 0) await promisify(setImmediate)();
  const [slow] = await changes(set, 'slow');
  expect(slow).toMatchObject({ accessible: true, message: '' });
});
