// DRS, samples, and who leads, against hosts that TestAgents play.
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { systemClock } from '../../base/system-clock.ts';
import { systemRandom } from '../../base/system-random.ts';
import { configureDrs } from '../clusters/configure-drs.ts';
import { leadWhenPossible } from '../leader-lock.ts';
import { writeSamples, writeUsage } from '../samples/sample-store.ts';
import { caller, openTestLab, type TestLab } from '../test-lab.ts';
import { migrate } from '../vms/migrate.ts';
import { applyRecommendation } from './apply-recommendation.ts';
import { refreshRecommendations } from './refresh-recommendations.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 300_000 });

let lab: TestLab;
const enabled = { enabled: true, behavior: 'partiallyAutomated' as const, threshold: 5 };

beforeAll(async () => {
  lab = await openTestLab();
  // All on one host, so that there is something to even out.
  await lab.run(migrate, { vmId: lab.vmIds[1] ?? '', hostId: lab.hostIds[0] ?? '' });
  await lab.db.vm.updateMany({ data: { memoryMib: 4096 } });
});
afterAll(() => lab.close());

function refresh(): Promise<void> {
  const run = { db: lab.db, random: systemRandom, now: systemClock.now() };
  return refreshRecommendations(run, caller, lab.clusterId);
}

test('an uneven cluster gets a recommendation, which keeps its id while it holds', async () => {
  await lab.run(configureDrs, { clusterId: lab.clusterId, config: enabled });
  await refresh();
  const first = await lab.db.recommendation.findMany();
  expect(first).toMatchObject([{ state: 'pending', fromHostId: lab.hostIds[0] }]);
  await refresh();
  expect(await lab.db.recommendation.findMany()).toEqual(first);
});

test('applying it moves the VM by a child task, once', async () => {
  const [recommendation] = await lab.db.recommendation.findMany();
  const input = { recommendationId: recommendation?.id ?? '' };
  const task = await lab.run(applyRecommendation, input);
  expect(task).toMatchObject({ state: 'success', targetId: lab.clusterId });
  const child = await lab.db.task.findFirst({ where: { parentId: task.id } });
  expect(child).toMatchObject({ operation: 'Drm.ExecuteVMotionLRO', state: 'success' });
  const vm = await lab.db.vm.findUnique({ where: { id: recommendation?.vmId ?? '' } });
  expect(vm?.hostId).toBe(recommendation?.toHostId);
  await expect(lab.submit(applyRecommendation, input)).rejects.toMatchObject({
    fault: 'InvalidState',
  });
  const events = await lab.db.event.findMany({ where: { type: 'DrsVmMigratedEvent' } });
  expect(events).toHaveLength(1);
});

test('disabled, it recommends nothing and is not run', async () => {
  await lab.run(configureDrs, {
    clusterId: lab.clusterId,
    config: { ...enabled, enabled: false },
  });
  expect(await lab.db.recommendation.count({ where: { state: 'pending' } })).toBe(0);
  await expect(refresh()).rejects.toMatchObject({ fault: 'InvalidState' });
});

test('fully automated, it moves a VM by itself', async () => {
  // Neither VM may have moved a short while ago.
  await lab.db.task.deleteMany({ where: { operation: 'Drm.ExecuteVMotionLRO' } });
  await lab.db.vm.updateMany({ data: { hostId: lab.hostIds[0] ?? '' } });
  await lab.stopController();
  gatherOnFirstHost();
  lab.startController();
  const config = { ...enabled, behavior: 'fullyAutomated' as const };
  await lab.run(configureDrs, { clusterId: lab.clusterId, config });
  const task = await lab.eventually(() =>
    lab.db.task.findFirst({
      where: { operation: 'Drm.ExecuteVMotionLRO', state: { in: ['success', 'error'] } },
    }),
  );
  expect(task).toMatchObject({ state: 'success', initiator: 'DRS', parentId: null });
});

/** Makes the agents agree with rows that say that all VMs run on the first host. */
function gatherOnFirstHost(): void {
  const [first, ...others] = lab.agents;
  for (const agent of others) {
    first?.report.worlds.push(...agent.report.worlds.splice(0));
    agent.changed();
  }
  first?.changed();
}

test('samples of running VMs are kept, with one change a round', async () => {
  await lab.eventually(async () => (await lab.db.vmSample.count()) >= 4);
  const change = await lab.eventually(() =>
    lab.db.change.findFirst({ where: { object: 'samples' }, orderBy: { version: 'desc' } }),
  );
  expect(change.value).toEqual(expect.arrayContaining([lab.vmIds[0]]));
});

test('a sample is written once, and averages say which VMs moved', async () => {
  const [vmId = ''] = lab.vmIds;
  await lab.stopController();
  const row = await lab.db.vmSample.findFirstOrThrow({ where: { vmId } });
  const before = await lab.db.vmSample.count();
  const sample = JSON.parse(JSON.stringify(row.data));
  await writeSamples(lab.db, [{ vmId, sample }]);
  expect(await lab.db.vmSample.count()).toBe(before);
  await writeUsage(lab.db, [{ vmId, cpuUsage: 0.5, residentBytes: 1e10 }]);
  const vm = await lab.db.vm.findUniqueOrThrow({ where: { id: vmId } });
  expect([vm.cpuUsage, vm.residentBytes]).toEqual([0.5, 10_000_000_000n]);
  const since = await lab.db.change.count({ where: { object: vmId, path: 'cpuUsage' } });
  await writeUsage(lab.db, [{ vmId, cpuUsage: 0.501, residentBytes: 1 }]);
  const after = await lab.db.change.count({ where: { object: vmId, path: 'cpuUsage' } });
  expect(after).toBe(since);
});

test('one of two leads, and the other follows when it is gone', async () => {
  const leading: string[] = [];
  const start = (name: string) => {
    const stop = new AbortController();
    const done = leadWhenPossible({
      databaseUrl: lab.url,
      clock: systemClock,
      signal: stop.signal,
      onError: () => leading.push('error'),
      lead: (signal) => {
        leading.push(name);
        return new Promise((resolve) => {
          signal.addEventListener('abort', () => resolve(), { once: true });
        });
      },
    });
    return { stop, done };
  };
  const first = start('first');
  await lab.eventually(async () => leading.length === 1);
  const second = start('second');
  first.stop.abort();
  await first.done;
  await lab.eventually(async () => leading.length === 2);
  expect(leading).toEqual(['first', 'second']);
  second.stop.abort();
  await second.done;
});
