// Tasks against a real server: judged before they are queued, claimed once, resumed after a kill,
// cancelled.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { sleep } from '../../base/clock.ts';
import { systemClock } from '../../base/system-clock.ts';
import { openDatabase } from '../database/client.ts';
import { openTestDatabase, type TestDatabase } from '../database/test-database.ts';
import { systemCaller } from '../permissions/caller.ts';
import { cancelTask } from './cancel-task.ts';
import { isDatabaseAway } from './is-database-away.ts';
import { judgeOperation } from './judge-operation.ts';
import { submit } from './submit.ts';
import { claimTasks, endTask, releaseTasks, renewLeases, updateTask } from './task-store.ts';
import { countSteps, makeTestRunner } from './test-operation.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let db: TestDatabase;
let stop: AbortController;
const caller = systemCaller('Test');

beforeAll(async () => {
  db = await openTestDatabase();
  await db.database.datacenter.create({ data: { id: 'datacenter-1', name: 'dc' } });
  await db.database.host.createMany({
    data: ['host-1', 'host-2'].map((id) => ({
      id,
      name: `esx-${id}`,
      datacenterId: 'datacenter-1',
      agentUrl: 'http://127.0.0.1:1',
      agentToken: 'secret',
    })),
  });
});
afterAll(() => db.close());
beforeEach(async () => {
  stop = new AbortController();
  await db.database.task.deleteMany();
  await db.database.event.deleteMany();
});
afterEach(() => stop.abort());

function submitCount(input: object): Promise<string> {
  return submit({ db: db.database, caller, operation: countSteps, input });
}

async function waitForState(id: string, states: string[]) {
  for (;;) {
    const task = await db.database.task.findUniqueOrThrow({ where: { id } });
    if (states.includes(task.state)) return task;
    await sleep(systemClock, 20);
  }
}

/**
 * Waits for the checkpoint, which follows the step's event: until then a step may be done again.
 */
async function waitForSteps(id: string, count: number) {
  for (;;) {
    const task = await db.database.task.findUniqueOrThrow({ where: { id } });
    if (JSON.stringify(task.checkpoint) === JSON.stringify({ done: count })) return;
    await sleep(systemClock, 20);
  }
}

test('a task is queued with its event, runs, and ends with its result', async () => {
  const id = await submitCount({ hostId: 'host-1', steps: 3 });
  const running = makeTestRunner(db.database, 'a', stop.signal).run();
  const task = await waitForState(id, ['success', 'error']);
  expect(task).toMatchObject({
    state: 'success',
    progress: 100,
    result: { steps: 3 },
    initiator: 'Test',
    targetName: 'esx-host-1',
    leaseOwner: null,
  });
  expect(task.completedAt).not.toBeNull();
  const events = await db.database.event.findMany({
    where: { taskId: id },
    orderBy: { id: 'asc' },
  });
  expect(events.map((event) => event.type)).toEqual(['TaskEvent', 'Step', 'Step', 'Step']);
  stop.abort();
  await running;
});

test('what is refused leaves no task', async () => {
  await expect(submitCount({ hostId: 'host-1', steps: 'many' })).rejects.toMatchObject({
    fault: 'InvalidArgument',
  });
  await expect(submitCount({ hostId: 'host-9', steps: 1 })).rejects.toMatchObject({
    fault: 'NotFound',
  });
  await expect(submitCount({ hostId: 'host-1', steps: 0 })).rejects.toMatchObject({
    fault: 'InvalidState',
  });
  const stranger = { userId: 'user-404', name: 'mallory' };
  const operation = countSteps;
  const input = { hostId: 'host-1', steps: 0 };
  await expect(
    submit({ db: db.database, caller: stranger, operation, input }),
  ).rejects.toMatchObject({ fault: 'NoPermission' });
  const verdict = await judgeOperation({ db: db.database, caller: stranger, operation, input });
  expect(verdict.reasons.map((reason) => reason.fault)).toEqual(['NoPermission', 'InvalidState']);
  expect(await db.database.task.count()).toBe(0);
});

test('of ten submissions at once for one target one is taken', async () => {
  const results = await Promise.allSettled(
    Array.from({ length: 10 }, () => submitCount({ hostId: 'host-1', steps: 1 })),
  );
  expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
  const refused = results.filter((result) => result.status === 'rejected');
  for (const { reason } of refused) expect(reason).toMatchObject({ fault: 'TaskInProgress' });
  await submitCount({ hostId: 'host-2', steps: 1 });
});

test('children that wait for children do not keep those from running', async () => {
  const many = 30;
  const ids = Array.from({ length: many * 3 }, (_, index) => `host-d${index}`);
  await db.database.host.createMany({
    data: ids.map((id) => ({
      ...{ id, name: `esx-${id}`, datacenterId: 'datacenter-1' },
      ...{ agentUrl: 'http://127.0.0.1:1', agentToken: 'secret' },
    })),
  });
  const roots = await Promise.all(
    Array.from({ length: many }, (_, index) => {
      const [hostId = '', ...below] = ids.slice(index * 3, index * 3 + 3);
      return submitCount({ hostId, steps: 1, below });
    }),
  );
  const running = makeTestRunner(db.database, 'a', stop.signal).run();
  const ended = await Promise.all(roots.map((id) => waitForState(id, ['success', 'error'])));
  expect(ended.map(({ state }) => state)).toEqual(roots.map(() => 'success'));
  expect(await db.database.task.count()).toBe(many * 3);
  stop.abort();
  await running;
});

test('a task is claimed by one of many, and only its holder may write it', async () => {
  const id = await submitCount({ hostId: 'host-1', steps: 1 });
  const claims = await Promise.all(
    ['a', 'b', 'c', 'd', 'e', 'f'].map(async (owner) => ({
      owner,
      tasks: await claimTasks(db.database, { owner, limit: 5, depth: 0 }),
    })),
  );
  const [winner, ...others] = claims.filter(({ tasks }) => tasks.length > 0);
  expect(others).toEqual([]);
  expect(winner?.tasks.map((task) => task.id)).toEqual([id]);
  const owner = winner?.owner ?? '';
  const [task] = winner?.tasks ?? [];
  if (!task) throw new Error('nobody claimed the task');
  expect(await updateTask(db.database, 'other', id, { progress: 5 })).toBe(false);
  expect(await endTask(db.database, 'other', task, { state: 'success' })).toBe(false);
  await releaseTasks(db.database, 'other', [id]);
  expect(await renewLeases(db.database, owner, [id])).toEqual([{ id, cancelRequested: false }]);
  await expireLeases();
  const again = await claimTasks(db.database, { owner: 'late', limit: 5, depth: 0 });
  expect(again.map((row) => [row.id, row.attempts])).toEqual([[id, 2]]);
  expect(await renewLeases(db.database, owner, [id])).toEqual([]);
  expect(await endTask(db.database, owner, task, { state: 'success' })).toBe(false);
  expect(await endTask(db.database, 'late', task, { state: 'success' })).toBe(true);
});

/** As if the holders had not renewed for long enough. */
async function expireLeases(): Promise<void> {
  await db.database
    .$executeRaw`UPDATE "Task" SET "leaseUntil" = "leaseUntil" - interval '1 minute'`;
}

test('a runner killed in the middle is followed by another, from the checkpoint', async () => {
  const id = await submitCount({ hostId: 'host-1', steps: 4, hangAt: 2 });
  const script = new URL('./test-operation.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [script, db.url, 'child'], { stdio: 'ignore' });
  const exited = once(child, 'exit');
  await waitForSteps(id, 2);
  child.kill('SIGKILL');
  await exited;
  expect(await waitForState(id, ['running'])).toMatchObject({ leaseOwner: 'child', attempts: 1 });
  await expireLeases();
  const running = makeTestRunner(db.database, 'heir', stop.signal).run();
  const task = await waitForState(id, ['success', 'error']);
  expect(task).toMatchObject({ state: 'success', attempts: 2, result: { steps: 4 } });
  const steps = await db.database.event.findMany({
    where: { taskId: id, type: 'Step' },
    orderBy: { id: 'asc' },
  });
  expect(steps.map((step) => step.message)).toEqual(['Step 0.', 'Step 1.', 'Step 2.', 'Step 3.']);
  stop.abort();
  await running;
});

test('a runner that is stopped gives its tasks back to the queue', async () => {
  const id = await submitCount({ hostId: 'host-1', steps: 2, hangAt: 1 });
  const running = makeTestRunner(db.database, 'a', stop.signal).run();
  await waitForSteps(id, 1);
  stop.abort();
  await running;
  expect(await waitForState(id, ['queued'])).toMatchObject({ leaseOwner: null, attempts: 0 });
});

test('a running task is cancelled by signal, a queued one at once, an ended one not', async () => {
  const id = await submitCount({ hostId: 'host-1', steps: 2, hangAt: 1 });
  const runner = makeTestRunner(db.database, 'a', stop.signal);
  const running = runner.run();
  await waitForSteps(id, 1);
  await expect(
    cancelTask(db.database, { userId: 'user-404', name: 'mallory' }, id),
  ).rejects.toMatchObject({ fault: 'NoPermission' });
  await cancelTask(db.database, caller, id);
  runner.wake();
  const task = await waitForState(id, ['canceled', 'success', 'error']);
  expect(task).toMatchObject({ state: 'canceled', fault: { fault: 'RequestCanceled' } });
  await expect(cancelTask(db.database, caller, id)).rejects.toMatchObject({
    fault: 'InvalidState',
  });
  stop.abort();
  await running;
  const queued = await submitCount({ hostId: 'host-1', steps: 1 });
  await cancelTask(db.database, caller, queued);
  expect(await waitForState(queued, ['canceled'])).toMatchObject({ state: 'canceled' });
});

test('a database that is away is told from one that refuses', async () => {
  const away = openDatabase('postgresql://nobody:x@127.0.0.1:1/none');
  const unreached = await away.task.count().catch((error: unknown) => error);
  await away.$disconnect();
  expect(isDatabaseAway(unreached)).toBe(true);
  const data = { id: 'host-1', name: 'twice', agentUrl: '', agentToken: '' };
  const refused = await db.database.host
    .create({ data: { ...data, datacenterId: 'datacenter-1' } })
    .catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(Error);
  expect(isDatabaseAway(refused)).toBe(false);
});
