// What has changed is looked at once, and again after a look that failed.
import { expect, test } from 'vitest';
import { ChangedObjects } from './changed-objects.ts';

const ids = async (taken: readonly string[]) => taken;

test('what has changed is handed over once', async () => {
  const changed = new ChangedObjects();
  for (const id of ['vm-1', 'host-2', 'vm-1']) changed.add(id);
  expect(await changed.take(ids)).toEqual(['vm-1', 'host-2']);
  expect(await changed.take(ids)).toEqual([]);
});

test('a look that fails leaves it for the next one, with what changed meanwhile', async () => {
  const changed = new ChangedObjects();
  changed.add('vm-1');
  const failed = changed.take(async () => {
    changed.add('task-3');
    throw new Error('the database is away');
  });
  await expect(failed).rejects.toThrow('the database is away');
  expect([...(await changed.take(ids))].toSorted()).toEqual(['task-3', 'vm-1']);
});

test('what changes while a look succeeds is for the next one', async () => {
  const changed = new ChangedObjects();
  changed.add('vm-1');
  await changed.take(async () => changed.add('vm-1'));
  expect(await changed.take(ids)).toEqual(['vm-1']);
});
