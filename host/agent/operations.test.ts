// Tests of operations by key: joined while they run, answered again after, over a restart too.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '#lib/base/system-clock.ts';
import { Fault } from '#lib/model/fault.ts';
import { Operations } from './operations.ts';
import { Revision } from './revision.ts';

let folder = '';
const revision = new Revision(systemClock);
const open = () => Operations.open(join(folder, 'operations.jsonl'), revision);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-operations-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

test('a repeated call joins the running operation, then gets its answer', async () => {
  const operations = await open();
  let runs = 0;
  let finish: (value: string) => void = () => undefined;
  const promise = new Promise<string>((resolve) => {
    finish = resolve;
  });
  const work = () => {
    runs += 1;
    return promise;
  };
  const key = { operationKey: 'task-1', kind: 'test' };
  const calls = [operations.run(key, work), operations.run(key, work)];
  expect(operations.list()).toMatchObject([{ operationKey: 'task-1', state: 'running' }]);
  finish('done');
  expect(await Promise.all(calls)).toEqual(['done', 'done']);
  expect(await operations.run(key, work)).toBe('done');
  expect(runs).toBe(1);
  await operations.close();
  const next = await open();
  expect(await next.run(key, work)).toBe('done');
  expect(runs).toBe(1);
  expect(next.list()).toMatchObject([{ state: 'success', progress: 100 }]);
  await next.close();
});

test('a failure is the answer as well, with all its reasons', async () => {
  const operations = await open();
  const reasons = [
    { fault: 'FilterInUse' as const, message: 'web01 uses it.', objects: ['vm-1'] },
    { fault: 'FilterInUse' as const, message: 'web02 uses it.', objects: ['vm-2'] },
  ];
  const fail = () => Promise.reject(new Fault('FilterInUse', 'In use.', { reasons }));
  const key = { operationKey: 'task-2', kind: 'test' };
  await expect(operations.run(key, fail)).rejects.toMatchObject({ fault: 'FilterInUse', reasons });
  await operations.close();
  const next = await open();
  const succeed = () => Promise.resolve('never');
  await expect(next.run(key, succeed)).rejects.toMatchObject({ fault: 'FilterInUse', reasons });
  await next.close();
});

test('progress shows while it runs, and wakes who waits for news', async () => {
  const operations = await open();
  const before = revision.value;
  const seen: string[] = [];
  await operations.run({ operationKey: 'task-3', kind: 'installVib' }, async ({ report }) => {
    report('downloading', 42.4);
    const [shown] = operations.list();
    seen.push(`${shown?.step} ${shown?.progress}`);
    await revision.waitBeyond(before, 10_000, new AbortController().signal);
    return null;
  });
  expect(seen).toEqual(['downloading 42']);
  await operations.close();
});
