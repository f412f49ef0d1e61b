// Upgrading a filter on a cluster whose hosts TestAgents play: host by host through maintenance
// mode, with a host that fails, a pause, and a cancellation in between.
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { Fault } from '../../model/fault.ts';
import { configureDrs } from '../clusters/configure-drs.ts';
import { createPolicy } from '../policies/create-policy.ts';
import { cancelTask } from '../tasks/cancel-task.ts';
import { pauseTask } from '../tasks/pause-task.ts';
import { caller, openTestLab, type TestLab, testVib } from '../test-lab.ts';
import { assignPolicies } from '../vms/assign-policies.ts';
import { installIoFilter } from './install-io-filter.ts';
import { planUpgrade } from './plan-upgrade.ts';
import { resolveIoFilterOnCluster } from './resolve-io-filter.ts';
import { uninstallIoFilter } from './uninstall-io-filter.ts';
import { upgradeIoFilter } from './upgrade-io-filter.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let lab: TestLab;
const rules = [{ filterClass: 'inspection', provider: 'trace', properties: {} }];
const filterOf = (version: string) => `Sluice_trace_${version}`;

beforeAll(async () => {
  lab = await openTestLab();
  await lab.addVib(testVib('trace', '1.1.0'));
  await lab.addVib(testVib('trace', '1.2.0'));
  await lab.run(installIoFilter, { computeResourceId: lab.clusterId, depotId: 'vib-1' });
  const policyId = await createPolicy(lab.db, caller, { name: 'Traced', rules });
  for (const vmId of lab.vmIds) {
    await lab.run(assignPolicies, { vmId, assignments: [{ diskKey: 2000, policyId }] });
  }
});
afterAll(() => lab.close());

function upgradeTo(depotId: string, from: string) {
  const { clusterId } = lab;
  return { clusterId, filterId: filterOf(from), depotId, hostsAtOnce: 1 };
}

function agent(index: number) {
  const found = lab.agents[index];
  if (!found) throw new Error(`no agent ${index}`);
  return found;
}

const versions = () =>
  lab.agents.slice(0, 3).map(({ report }) => report.vibs.map((vib) => vib.descriptor.version));

async function statesOf(version: string): Promise<string[]> {
  const filterId = filterOf(version);
  const rows = await lab.db.hostFilterState.findMany({
    where: { filterId },
    orderBy: { hostId: 'asc' },
  });
  return rows.map(({ state }) => state);
}

const resolve = (version: string) =>
  lab.run(resolveIoFilterOnCluster, { clusterId: lab.clusterId, filterId: filterOf(version) });

test('the plan says what would happen on each host', async () => {
  const plan = await planUpgrade({ db: lab.db, caller }, upgradeTo('vib-3', '1.0.0'));
  expect(plan.verdict).toMatchObject({ allowed: true, reasons: [], warnings: [] });
  expect(plan.hosts).toMatchObject([
    { host: { name: 'esx01' }, wave: 0, from: '1.0.0', moves: [{ vm: { name: 'web01' } }] },
    { host: { name: 'esx02' }, wave: 1, step: 'upgrade', moves: [{ vm: { name: 'db01' } }] },
    { host: { name: 'esx03' }, wave: 2, maintenance: true, moves: [] },
  ]);
});

test('what is no upgrade is refused, and a cluster without DRS', async () => {
  await expect(lab.submit(upgradeIoFilter, upgradeTo('vib-2', '1.0.0'))).rejects.toMatchObject({
    fault: 'InvalidArgument',
  });
  await expect(lab.submit(upgradeIoFilter, upgradeTo('vib-1', '1.0.0'))).rejects.toMatchObject({
    fault: 'InvalidArgument',
  });
  await expect(lab.submit(upgradeIoFilter, upgradeTo('vib-3', '9.0.0'))).rejects.toMatchObject({
    fault: 'NotFound',
  });
  const drs = { enabled: false, behavior: 'partiallyAutomated' as const, threshold: 3 };
  await lab.run(configureDrs, { clusterId: lab.clusterId, config: drs });
  await expect(lab.submit(upgradeIoFilter, upgradeTo('vib-3', '1.0.0'))).rejects.toMatchObject({
    fault: 'InvalidState',
  });
  await lab.run(configureDrs, { clusterId: lab.clusterId, config: { ...drs, enabled: true } });
});

test('it keeps what succeeded when a host fails, and Resolve ends it', async () => {
  agent(2).failures.set('installVib', new Fault('VibDownloadError', 'The link is dead.'));
  const task = await lab.run(upgradeIoFilter, upgradeTo('vib-3', '1.0.0'));
  expect(task).toMatchObject({ state: 'error', fault: { fault: 'VibDownloadError' } });
  expect(versions()).toEqual([['1.1.0'], ['1.1.0'], ['1.0.0']]);
  expect(await statesOf('1.1.0')).toEqual(['installed', 'installed', 'failed']);
  const modes = await lab.db.host.findMany({ select: { maintenanceState: true } });
  expect(modes.map((host) => host.maintenanceState)).toEqual(Array(4).fill('normal'));
  const emptied = await lab.db.task.findMany({
    where: { parentId: task.id },
    orderBy: { targetName: 'asc' },
  });
  expect(emptied.map(({ targetName, state }) => `${targetName} ${state}`)).toEqual([
    'esx01 success',
    'esx02 success',
    'esx03 success',
  ]);
  const [row, ...others] = await lab.db.clusterFilter.findMany();
  expect(row).toMatchObject({ opType: 'upgrade', version: '1.1.0', previousVersion: '1.0.0' });
  expect(others).toEqual([]);
  expect(await lab.db.vm.count({ where: { powerState: 'poweredOn' } })).toBe(2);
  agent(2).failures.clear();
  expect(await resolve('1.1.0')).toMatchObject({ state: 'success' });
  expect(versions()).toEqual([['1.1.0'], ['1.1.0'], ['1.1.0']]);
});

test('paused it begins no other host; canceled it leaves the rest to Resolve', async () => {
  const opens = [0, 1].map((index) => {
    let open = () => {};
    const gate = new Promise<void>((done) => {
      open = done;
    });
    agent(index).gates.set('installVib', gate);
    return () => open();
  });
  const taskId = await lab.submit(upgradeIoFilter, upgradeTo('vib-4', '1.1.0'));
  const begun = (index: number) =>
    agent(index).calls.some(({ operationKey }) => operationKey.startsWith(`${taskId}:install`));
  for (const [index, open] of opens.entries()) {
    await lab.eventually(async () => begun(index));
    await pauseTask(lab.db, caller, { taskId, paused: true });
    open();
    await lab.eventually(async () => (await statesOf('1.2.0'))[index] === 'installed');
    await lab.eventually(async () => !agent(index).report.maintenanceMode);
    expect((await statesOf('1.2.0'))[index + 1]).toBe('pending');
    if (index === 0) await pauseTask(lab.db, caller, { taskId, paused: false });
  }
  await cancelTask(lab.db, caller, taskId);
  expect(await lab.ended(taskId)).toMatchObject({ state: 'canceled' });
  expect(begun(2)).toBe(false);
  expect(await statesOf('1.2.0')).toEqual(['installed', 'installed', 'failed']);
  await expect(pauseTask(lab.db, caller, { taskId, paused: true })).rejects.toMatchObject({
    fault: 'InvalidState',
  });
  expect(await lab.db.host.count({ where: { maintenanceState: 'normal' } })).toBe(4);
  expect(await resolve('1.2.0')).toMatchObject({ state: 'success' });
  expect(versions()).toEqual([['1.2.0'], ['1.2.0'], ['1.2.0']]);
});

test('uninstalling takes whatever version a host has', async () => {
  for (const vmId of lab.vmIds) {
    await lab.run(assignPolicies, { vmId, assignments: [{ diskKey: 2000, policyId: null }] });
  }
  agent(1).report.vibs = [testVib('trace', '1.1.0')];
  agent(1).changed();
  await lab.eventually(() =>
    lab.db.hostVib.findFirst({ where: { hostId: lab.hostIds[1] ?? '', version: '1.1.0' } }),
  );
  const input = { clusterId: lab.clusterId, filterId: filterOf('1.2.0') };
  expect(await lab.run(uninstallIoFilter, input)).toMatchObject({ state: 'success' });
  expect(versions()).toEqual([[], [], []]);
  expect(await lab.db.clusterFilter.count()).toBe(0);
});
