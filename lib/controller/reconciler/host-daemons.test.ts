// What hosts are told for the filters' daemons, against hosts that TestAgents play: each other's
// keys, and which policy a disk has that got it before filters were told.
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openTestLab, type TestLab } from '../test-lab.ts';
import { namePolicies } from './name-policies.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let lab: TestLab;

beforeAll(async () => {
  lab = await openTestLab();
});
afterAll(() => lab.close());

test('each pair of hosts of a cluster gets a key of its own, for each filter', async () => {
  const cluster = lab.agents.slice(0, 3);
  for (const [index, agent] of lab.agents.entries()) {
    agent.report.daemons = ['qos', 'cache'].map((filter, at) => {
      return { filter, address: '127.0.0.1', port: 5000 + 10 * index + at };
    });
    agent.changed();
  }
  await lab.eventually(async () =>
    cluster.every(({ daemonPeers }) => daemonPeers.qos?.length === 2) ? true : null,
  );
  const keyOf = (from: number, to: number, filter: string) =>
    lab.agents[from]?.daemonPeers[filter]?.find(({ hostId }) => hostId === lab.hostIds[to])?.key;
  const keys = new Set<string | undefined>();
  for (const filter of ['qos', 'cache']) {
    for (const [a, b] of [
      [0, 1],
      [0, 2],
      [1, 2],
    ] as const) {
      expect(keyOf(a, b, filter)).toBe(keyOf(b, a, filter));
      keys.add(keyOf(a, b, filter));
    }
  }
  expect(keys.size).toBe(6);
  expect(keys.has(undefined)).toBe(false);
  // It stands alone, and knows nobody.
  expect(lab.agents[3]?.daemonPeers.qos ?? []).toEqual([]);
});

test('a disk is told its policy once, and not while a task has its machine', async () => {
  const { db, services } = lab;
  const [vmId = ''] = lab.vmIds;
  const host = await db.host.findUniqueOrThrow({ where: { id: lab.hostIds[0] ?? '' } });
  const disk = await db.disk.findFirstOrThrow({ where: { vmId } });
  const who = { description: '', createdBy: 'tester', updatedBy: 'tester' };
  const policy = await db.policy.create({
    data: { ...who, id: 'policy-99', name: 'Limited', rules: [] },
  });
  const properties = { scope: 'policy', iopsLimit: 500 };
  const filters = [{ name: 'qos', class: 'datastoreIoControl', properties }];
  const where = { vmId_key: { vmId, key: disk.key } };
  await db.disk.update({ where, data: { policyId: policy.id, filters } });
  const task = await db.task.create({
    data: {
      ...{ id: 'task-9999', operation: 'VirtualMachine.powerOff', label: 'Power off' },
      ...{ targetId: vmId, targetName: 'web01', state: 'running', initiator: 'tester', input: {} },
      // Another controller has it.
      ...{ leaseOwner: 'other', leaseUntil: new Date('2999-01-01') },
    },
  });
  expect(await namePolicies(services, host)).toBe(false);
  await db.task.delete({ where: { id: task.id } });
  expect(await namePolicies(services, host)).toBe(true);
  const wanted = [{ ...filters[0], properties: { ...properties, policy: policy.id } }];
  expect((await db.disk.findUniqueOrThrow({ where })).filters).toEqual(wanted);
  expect(lab.agents[0]?.world(vmId)?.disks.find(({ key }) => key === disk.key)?.filters).toEqual(
    wanted,
  );
  const { length } = lab.agents[0]?.calls ?? [];
  expect(await namePolicies(services, host)).toBe(true);
  expect(lab.agents[0]?.calls).toHaveLength(length);
});
