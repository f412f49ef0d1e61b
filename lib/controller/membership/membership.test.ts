// Hosts that join a cluster, leave it, are added and removed, and come back without what they had:
// played by TestAgents.
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { Fault } from '../../model/fault.ts';
import { TestAgent } from '../agents/test-agent.ts';
import { enterMaintenance } from '../hosts/enter-maintenance.ts';
import { exitMaintenance } from '../hosts/exit-maintenance.ts';
import { installIoFilter } from '../io-filters/install-io-filter.ts';
import { resolveIoFilterOnHost } from '../io-filters/resolve-io-filter.ts';
import { createPolicy } from '../policies/create-policy.ts';
import { openTestLab, type TestLab, testVib } from '../test-lab.ts';
import { assignPolicies } from '../vms/assign-policies.ts';
import { migrate } from '../vms/migrate.ts';
import { addHost } from './add-host.ts';
import { moveHost } from './move-host.ts';
import { removeHost } from './remove-host.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let lab: TestLab;
const filterId = 'Sluice_trace_1.0.0';

beforeAll(async () => {
  lab = await openTestLab();
  await lab.run(installIoFilter, { computeResourceId: lab.clusterId, depotId: 'vib-1' });
});
afterAll(() => lab.close());

function agent(index: number) {
  const found = lab.agents[index];
  if (!found) throw new Error(`no agent ${index}`);
  return found;
}
const hostId = (index: number): string => lab.hostIds[index] ?? '';
const filtersOn = (index: number) => agent(index).report.vibs.map((vib) => vib.filter?.name);
const stateOn = (index: number) =>
  lab.db.hostFilterState.findFirst({ where: { hostId: hostId(index) } });
const move = (index: number, clusterId: string | null) => ({ hostId: hostId(index), clusterId });

test('a host that joins gets the filters, and is an issue when it fails', async () => {
  agent(3).failures.set('installVib', new Fault('VibDownloadError', 'The link is dead.'));
  const task = await lab.run(moveHost, move(3, lab.clusterId));
  expect(task).toMatchObject({ state: 'error', fault: { fault: 'VibDownloadError' } });
  const host = await lab.db.host.findUniqueOrThrow({ where: { id: hostId(3) } });
  expect(host.clusterId).toBe(lab.clusterId);
  expect(await stateOn(3)).toMatchObject({ filterId, state: 'failed' });
  agent(3).failures.clear();
  const input = { hostId: hostId(3), filterId };
  expect(await lab.run(resolveIoFilterOnHost, input)).toMatchObject({ state: 'success' });
  expect(filtersOn(3)).toEqual(['trace']);
});

test('a host that starts anew without its image gets it again', async () => {
  await agent(3).stop();
  agent(3).report.vibs = [];
  await agent(3).start();
  await lab.eventually(async () => filtersOn(3).length === 1);
  await lab.eventually(async () => (await stateOn(3))?.state === 'installed');
});

test('a filter taken from a running host is an issue, and Resolve brings it', async () => {
  agent(3).report.vibs = [];
  agent(3).changed();
  const failed = await lab.eventually(async () => {
    const state = await stateOn(3);
    return state?.state === 'failed' && state;
  });
  expect(failed.fault).toMatchObject({
    message: expect.stringContaining('no longer in the image'),
  });
  // It is nobody's to bring back unasked.
  expect(filtersOn(3)).toEqual([]);
  const input = { hostId: hostId(3), filterId };
  expect(await lab.run(resolveIoFilterOnHost, input)).toMatchObject({ state: 'success' });
  expect(filtersOn(3)).toEqual(['trace']);
  expect(await stateOn(3)).toMatchObject({ state: 'installed', fault: null });
});

test('a host leaves in maintenance mode only, and loses the filters', async () => {
  await expect(lab.submit(moveHost, move(3, null))).rejects.toMatchObject({
    fault: 'InvalidState',
  });
  await lab.run(enterMaintenance, { hostId: hostId(3) });
  expect(await lab.run(moveHost, move(3, null))).toMatchObject({ state: 'success' });
  expect(filtersOn(3)).toEqual([]);
  expect(await stateOn(3)).toBeNull();
  await lab.run(exitMaintenance, { hostId: hostId(3) });
});

test('a host keeps the filters that a VM on it uses', async () => {
  const [vmId = ''] = lab.vmIds;
  const rules = [{ filterClass: 'inspection', provider: 'trace', properties: {} }];
  const tester = { userId: null, name: 'tester' };
  const policyId = await createPolicy(lab.db, tester, { name: 'Traced', rules });
  await lab.run(assignPolicies, { vmId, assignments: [{ diskKey: 2000, policyId }] });
  await lab.run(migrate, { vmId, hostId: hostId(2) });
  await expect(lab.submit(moveHost, move(2, null))).rejects.toMatchObject({
    reasons: [{ fault: 'InvalidState' }, { fault: 'FilterInUse' }],
  });
  await expect(lab.submit(removeHost, { hostId: hostId(2) })).rejects.toMatchObject({
    fault: 'ResourceInUse',
  });
});

test('a host is added into a cluster, gets its filters, and is removed again', async () => {
  const fifth = new TestAgent('esx05', () => testVib('trace'));
  await fifth.start();
  try {
    const { datacenterId, clusterId } = lab;
    const at = { agentUrl: fifth.url, agentToken: 'token', datacenterId, clusterId };
    const taken = lab.submit(addHost, { ...at, name: 'esx01' });
    await expect(taken).rejects.toMatchObject({ fault: 'DuplicateName' });
    fifth.report.product.version = '6.0.0';
    expect(await lab.run(addHost, { ...at, name: 'esx05' })).toMatchObject({
      ...{ state: 'error', fault: { fault: 'PlatformConfigFault' } },
    });
    fifth.report.product.version = '8.0.0';
    const added = await lab.run(addHost, { ...at, name: 'esx05' });
    expect(added).toMatchObject({ state: 'success' });
    await lab.eventually(async () => fifth.report.vibs.length === 1);
    const again = await lab.run(addHost, { ...at, name: 'esx06' });
    expect(again).toMatchObject({ state: 'error', fault: { fault: 'AlreadyExists' } });
    const id = (await lab.db.host.findUniqueOrThrow({ where: { name: 'esx05' } })).id;
    await lab.eventually(
      async () => (await lab.db.task.count({ where: { targetId: id, completedAt: null } })) === 0,
    );
    await expect(lab.submit(removeHost, { hostId: id })).rejects.toMatchObject({
      fault: 'InvalidState',
    });
    await lab.run(enterMaintenance, { hostId: id });
    expect(await lab.run(removeHost, { hostId: id })).toMatchObject({ state: 'success' });
    expect(fifth.report.vibs).toEqual([]);
    expect(await lab.db.host.findUnique({ where: { id } })).toBeNull();
  } finally {
    await fifth.stop();
  }
});

test('one that is not there is not added', async () => {
  const { datacenterId } = lab;
  const task = await lab.run(addHost, {
    ...{ name: 'esx09', agentUrl: 'http://127.0.0.1:9', agentToken: 'token' },
    ...{ datacenterId, clusterId: null },
  });
  expect(task).toMatchObject({ state: 'error', fault: { fault: 'HostNotReachable' } });
  expect(await lab.db.host.findUnique({ where: { name: 'esx09' } })).toBeNull();
});
