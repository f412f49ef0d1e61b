// vSphere HA against hosts that TestAgents play: what counts as failed, what is restarted in which
// order, what stays down and why, and the host that comes back.
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { readAlarms } from '../alarms/read-alarms.ts';
import { createVm } from '../inventory/create-vm.ts';
import { caller, openTestLab, type TestLab, testVib } from '../test-lab.ts';
import { configureHa } from './configure-ha.ts';
import { failOverHost } from './fail-over-host.ts';
import { troubleOf } from './ha-trouble.ts';
import { restartVm } from './restart-vm.ts';
import { setRestartPriority } from './set-restart-priority.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 300_000 });

let lab: TestLab;
const ha = {
  ...{ enabled: true, hostMonitoring: true, restartPriority: 'medium' as const },
  ...{ admissionControl: false, failuresTolerated: 1 },
};

beforeAll(async () => {
  lab = await openTestLab();
  const { state } = await lab.run(configureHa, { clusterId: lab.clusterId, ha });
  expect(state).toBe('success');
});
afterAll(() => lab.close());

const host = (number: number) =>
  lab.db.host.findUniqueOrThrow({ where: { id: lab.hostIds[number - 1] ?? '' } });
const vmNamed = (name: string) => lab.db.vm.findUniqueOrThrow({ where: { name } });
const agent = (number: number) => {
  const found = lab.agents[number - 1];
  if (!found) throw new Error(`There is no agent ${number}.`);
  return found;
};

/** On esx01, powered on. */
async function addVm(name: string): Promise<string> {
  const hostId = lab.hostIds[0] ?? '';
  const { datastoreId } = await lab.db.hostDatastore.findFirstOrThrow({ where: { hostId } });
  const place = { hostId, datastoreId };
  const size = { cpuCount: 1, memoryMib: 512, guestFullName: 'Debian' };
  const disks = [{ capacityBytes: 1024 ** 2 }];
  const { db, services } = lab;
  const parts = { db, caller, random: services.random };
  const id = await createVm(parts, { name, ...size, ...place, disks, powerOn: true });
  await lab.eventually(async () => {
    const busy = await db.task.count({ where: { targetId: id, completedAt: null } });
    return busy === 0 && (await db.vm.findFirst({ where: { id, powerState: 'poweredOn' } }));
  });
  return id;
}

test('a host whose VMs beat is cut off, and left to itself', async () => {
  await lab.eventually(async () => (await host(1)).haState === 'connected');
  const { hostUuid } = await host(1);
  let beats = 0;
  const beating = () => ({
    ...{ state: 'held' as const, hostUuid: hostUuid ?? '', sign: `${beats++}` },
  });
  for (const number of [2, 3]) agent(number).locks.set('web01/web01.vmdk', beating);
  await agent(1).stop();
  await lab.eventually(async () => (await host(1)).haState === 'networkIsolated');
  expect(await lab.db.task.count({ where: { operation: failOverHost.key } })).toBe(0);
  expect(await vmNamed('web01')).toMatchObject({ hostId: lab.hostIds[0], powerState: 'poweredOn' });
  expect((await readAlarms(lab.db)).map(({ message }) => message).join(' ')).toContain('cut off');
  for (const number of [2, 3]) agent(number).locks.clear();
  await agent(1).start();
  await lab.eventually(async () => (await host(1)).haState === 'connected');
});

test('a host that is silent on both ways loses its VMs to others, by priority', async () => {
  const [first, low, off, filtered] = [
    await addVm('a-first'),
    await addVm('b-low'),
    await addVm('c-disabled'),
    await addVm('d-filtered'),
  ];
  const { clusterId } = lab;
  for (const [vmId, restartPriority] of [
    [first, 'highest'],
    [low, 'low'],
    [off, 'disabled'],
  ] as const) {
    await lab.run(setRestartPriority, { clusterId, vmId, restartPriority });
  }
  // Its filter is on its host alone.
  const filters = [{ name: 'trace', class: 'inspection', properties: {} }];
  await lab.db.disk.updateMany({ where: { vmId: filtered }, data: { filters } });
  await agent(1).stop();
  const failover = await lab.eventually(() =>
    lab.db.task.findFirst({
      where: { operation: failOverHost.key, completedAt: { not: null } },
    }),
  );
  expect(await host(1)).toMatchObject({ haState: 'hostDown' });
  expect(failover).toMatchObject({ targetId: lab.hostIds[0], initiator: 'vSphere HA' });
  expect(failover.state).toBe('error');
  expect(JSON.stringify(failover.fault)).toContain('d-filtered');
  const children = await lab.db.task.findMany({
    where: { parentId: failover.id },
    orderBy: { queuedAt: 'asc' },
  });
  expect(children.map(({ targetName, state }) => `${targetName} ${state}`)).toEqual([
    'a-first success',
    'web01 success',
    'b-low success',
  ]);
  for (const name of ['a-first', 'web01', 'b-low']) {
    const vm = await vmNamed(name);
    expect(vm).toMatchObject({ powerState: 'poweredOn', haTrouble: null });
    expect(vm.hostId).not.toBe(lab.hostIds[0]);
  }
  const [stays, disabled] = [await vmNamed('d-filtered'), await vmNamed('c-disabled')];
  expect(stays).toMatchObject({ hostId: lab.hostIds[0], powerState: 'poweredOff' });
  const reasons = troubleOf(stays.haTrouble)?.reasons.map(({ message }) => message) ?? [];
  expect(reasons.join(' ')).toContain('is not installed on esx02');
  expect(reasons.join(' ')).toContain('is not installed on esx03');
  expect(troubleOf(disabled.haTrouble)?.reasons[0]?.message).toContain('Disabled');
  const types = await lab.db.event.findMany({ where: { objects: { has: lab.hostIds[0] ?? '' } } });
  const ofHa = types.map(({ type }) => type);
  expect(ofHa.filter((type) => type === 'DasHostFailedEvent')).toHaveLength(1);
  expect(ofHa.filter((type) => type === 'VmRestartedOnAlternateHostEvent')).toHaveLength(3);
  expect((await readAlarms(lab.db)).map(({ message }) => message).join(' ')).toContain(
    'd-filtered',
  );
});

test('what stayed down starts when a host can take it', async () => {
  agent(3).report.vibs.push(testVib('trace'));
  agent(3).changed();
  const vm = await lab.eventually(() =>
    lab.db.vm.findFirst({ where: { name: 'd-filtered', powerState: 'poweredOn' } }),
  );
  expect(vm).toMatchObject({ hostId: lab.hostIds[2], haTrouble: null });
});

test('a VM that an admin has brought elsewhere needs no restart any more', async () => {
  const { id } = await vmNamed('c-disabled');
  await lab.db.vm.update({ where: { id }, data: { hostId: lab.hostIds[1] ?? '' } });
  await lab.eventually(async () => (await vmNamed('c-disabled')).haTrouble === null);
});

test('the host that comes back forgets what runs elsewhere', async () => {
  const { id } = await vmNamed('web01');
  const stray = agent(1).world(id);
  // As a host does that starts its VMs and finds their locks taken.
  Object.assign(stray ?? {}, { state: 'faulted', powerState: 'poweredOn' });
  const before = agent(1).calls.length;
  await agent(1).start();
  agent(1).changed();
  await lab.eventually(async () => (await host(1)).haState === 'connected');
  await lab.eventually(async () => agent(1).world(id) === undefined);
  const after = agent(1)
    .calls.slice(before)
    .map(({ name }) => name);
  expect(after).toContain('powerOffVm');
  expect((await vmNamed('web01')).hostId).not.toBe(lab.hostIds[0]);
  const input = { vmId: id, fromHostId: lab.hostIds[0] ?? '' };
  await expect(lab.submit(restartVm, input)).rejects.toMatchObject({ fault: 'InvalidState' });
  const hostId = lab.hostIds[0] ?? '';
  await expect(lab.submit(failOverHost, { hostId })).rejects.toMatchObject({
    fault: 'InvalidState',
  });
});

test('without HA nothing is watched', async () => {
  await lab.run(configureHa, { clusterId: lab.clusterId, ha: { ...ha, enabled: false } });
  await lab.eventually(async () => (await host(1)).haState === '');
});
