// The controller against hosts that TestAgents play: what the admin does in a day, with the
// failures in between.
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { Fault } from '../model/fault.ts';
import { disconnectHost } from './hosts/disconnect-host.ts';
import { enterMaintenance } from './hosts/enter-maintenance.ts';
import { exitMaintenance } from './hosts/exit-maintenance.ts';
import { reconnectHost } from './hosts/reconnect-host.ts';
import { installIoFilter } from './io-filters/install-io-filter.ts';
import { resolveIoFilterOnCluster } from './io-filters/resolve-io-filter.ts';
import { uninstallIoFilter } from './io-filters/uninstall-io-filter.ts';
import { createPolicy } from './policies/create-policy.ts';
import { deletePolicy } from './policies/delete-policy.ts';
import { updatePolicy } from './policies/update-policy.ts';
import { cancelTask } from './tasks/cancel-task.ts';
import { caller, openTestLab, type TestLab } from './test-lab.ts';
import { assignPolicies } from './vms/assign-policies.ts';
import { migrate } from './vms/migrate.ts';
import { powerOff } from './vms/power-off.ts';
import { powerOn } from './vms/power-on.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let lab: TestLab;
const FILTER = 'Sluice_trace_1.0.0';
const rules = [{ filterClass: 'inspection', provider: 'trace', properties: {} }];

beforeAll(async () => {
  lab = await openTestLab();
});
afterAll(() => lab.close());

function agent(index: number) {
  const found = lab.agents[index];
  if (!found) throw new Error(`no agent ${index}`);
  return found;
}
const hostId = (index: number): string => lab.hostIds[index] ?? '';
const vmId = (index: number): string => lab.vmIds[index] ?? '';
const findVm = (index: number) =>
  lab.db.vm.findUniqueOrThrow({ where: { id: vmId(index) }, include: { disks: true } });

describe('hosts and power', () => {
  test('the hosts are connected and configured, the VMs run', async () => {
    const hosts = await lab.db.host.findMany();
    expect(hosts.map((host) => host.connectionState)).toEqual(Array(4).fill('connected'));
    expect(agent(0).report).toMatchObject({ hostId: hostId(0), datastores: [{ name: 'vmfs1' }] });
    expect(await findVm(0)).toMatchObject({
      powerState: 'poweredOn',
      desiredPowerState: 'poweredOn',
      worldState: 'running',
      nbdPort: 10_809,
    });
  });

  test('a VM is powered off and on again; what is so already is refused', async () => {
    expect(await lab.run(powerOff, { vmId: vmId(0) })).toMatchObject({ state: 'success' });
    expect(await findVm(0)).toMatchObject({ powerState: 'poweredOff', worldState: 'off' });
    await expect(lab.submit(powerOff, { vmId: vmId(0) })).rejects.toMatchObject({
      fault: 'InvalidPowerState',
    });
    expect(await lab.run(powerOn, { vmId: vmId(0) })).toMatchObject({ state: 'success' });
    const events = await lab.db.event.findMany({ where: { objects: { has: vmId(0) } } });
    expect(events.map(({ type }) => type)).toContain('VmPoweredOffEvent');
  });

  test('a host that refuses fails the task, and nothing starts the VM later', async () => {
    await lab.run(powerOff, { vmId: vmId(1) });
    agent(1).failures.set('powerOnVm', new Fault('CannotOpenDisk', 'The disk is gone.'));
    const task = await lab.run(powerOn, { vmId: vmId(1) });
    expect(task).toMatchObject({ state: 'error', fault: { fault: 'CannotOpenDisk' } });
    expect(await findVm(1)).toMatchObject({ desiredPowerState: 'poweredOff' });
    agent(1).failures.clear();
    expect(await lab.run(powerOn, { vmId: vmId(1) })).toMatchObject({ state: 'success' });
  });

  test('a VM that should run and does not is powered on again', async () => {
    agent(0).report.worlds = [];
    agent(0).changed();
    await lab.eventually(async () => agent(0).world(vmId(0))?.state === 'running');
    const event = await lab.eventually(() =>
      lab.db.event.findFirst({ where: { message: { contains: 'powered on again' } } }),
    );
    expect(event.objects).toContain(vmId(0));
  });

  test('a host that dies is not responding, and connected when it is back', async () => {
    const stateOf = async () =>
      (await lab.db.host.findUnique({ where: { id: hostId(2) } }))?.connectionState;
    await agent(2).stop();
    await lab.eventually(async () => (await stateOf()) === 'notResponding');
    await agent(2).start();
    await lab.eventually(async () => (await stateOf()) === 'connected');
    const types = (await lab.db.event.findMany({ where: { objects: { has: hostId(2) } } })).map(
      ({ type }) => type,
    );
    expect(types).toEqual(
      expect.arrayContaining(['HostConnectionLostEvent', 'HostConnectedEvent']),
    );
  });

  test('a host is disconnected by an admin, and connected again', async () => {
    await lab.run(disconnectHost, { hostId: hostId(3) });
    await expect(lab.submit(disconnectHost, { hostId: hostId(3) })).rejects.toMatchObject({
      fault: 'InvalidState',
    });
    const host = await lab.db.host.findUnique({ where: { id: hostId(3) } });
    expect(host).toMatchObject({ connectionState: 'disconnected' });
    expect(await lab.run(reconnectHost, { hostId: hostId(3) })).toMatchObject({ state: 'success' });
  });
});

describe('filters', () => {
  const install = { depotId: 'vib-1' };

  test('a standalone host is refused', async () => {
    await expect(
      lab.submit(installIoFilter, { ...install, computeResourceId: hostId(3) }),
    ).rejects.toMatchObject({ fault: 'InvalidArgument' });
  });

  test('an installation that fails on one host keeps what succeeded, and is resolved', async () => {
    agent(2).failures.set('installVib', new Fault('VibDownloadError', 'The link is dead.'));
    const task = await lab.run(installIoFilter, { ...install, computeResourceId: lab.clusterId });
    expect(task).toMatchObject({ state: 'error', fault: { fault: 'VibDownloadError' } });
    expect(JSON.stringify(task.fault)).toContain('esx03');
    const states = await lab.db.hostFilterState.findMany({ orderBy: { hostId: 'asc' } });
    expect(states.map(({ state }) => state)).toEqual(['installed', 'installed', 'failed']);
    await expect(
      lab.submit(installIoFilter, { ...install, computeResourceId: lab.clusterId }),
    ).rejects.toMatchObject({ fault: 'AlreadyExists' });
    agent(2).failures.clear();
    const input = { clusterId: lab.clusterId, filterId: FILTER };
    expect(await lab.run(resolveIoFilterOnCluster, input)).toMatchObject({ state: 'success' });
    expect(await lab.db.hostFilterState.count({ where: { state: 'installed' } })).toBe(3);
    expect(await lab.db.hostVib.count({ where: { filterName: 'trace' } })).toBe(3);
    await expect(lab.submit(resolveIoFilterOnCluster, input)).rejects.toMatchObject({
      fault: 'InvalidState',
    });
  });

  test('a filter that is gone from an image is an issue again', async () => {
    agent(2).report.vibs = [];
    agent(2).changed();
    const state = await lab.eventually(() =>
      lab.db.hostFilterState.findFirst({ where: { hostId: hostId(2), state: 'failed' } }),
    );
    expect(JSON.stringify(state.fault)).toContain('no longer in the image of esx03');
  });

  test('a policy puts its filter on a disk, which then moves to no host without it', async () => {
    const policyId = await createPolicy(lab.db, caller, { name: 'Traced', rules });
    const assignments = [{ diskKey: 2000, policyId }];
    const task = await lab.run(assignPolicies, { vmId: vmId(0), assignments });
    expect(task).toMatchObject({ state: 'success', result: { pauseMs: 3, heldIos: 2 } });
    const { disks } = await findVm(0);
    const filters = [{ name: 'trace', class: 'inspection', properties: { depth: 4 } }];
    expect(disks).toMatchObject([
      { policyId, policyGeneration: 1, filters, reportedFilters: filters },
    ]);
    await expect(lab.submit(migrate, { vmId: vmId(0), hostId: hostId(2) })).rejects.toMatchObject({
      fault: 'GenericVmConfigFault',
    });
    await updatePolicy(lab.db, caller, {
      policyId,
      input: { name: 'Traced', rules: [{ ...rules[0], properties: { depth: 5 } }] },
    });
    const policy = await lab.db.policy.findUniqueOrThrow({ where: { id: policyId } });
    expect(policy.generation).toBe(2);
    await expect(deletePolicy(lab.db, caller, policyId)).rejects.toMatchObject({
      fault: 'ResourceInUse',
    });
    await expect(
      lab.submit(uninstallIoFilter, { clusterId: lab.clusterId, filterId: FILTER }),
    ).rejects.toMatchObject({ fault: 'FilterInUse' });
  });

  test('properties that the filter does not take are refused', async () => {
    for (const properties of [{ depth: 11 }, { depth: 'deep' }, { width: 1 }]) {
      const input = { name: 'Bad', rules: [{ ...rules[0], properties }] };
      await expect(createPolicy(lab.db, caller, input)).rejects.toMatchObject({
        fault: 'InvalidArgument',
      });
    }
  });
});

describe('moves', () => {
  test('a running VM moves live, and back', async () => {
    const task = await lab.run(migrate, { vmId: vmId(0), hostId: hostId(1) });
    expect(task).toMatchObject({
      state: 'success',
      result: { pauseMs: 12, heldIos: 7, connections: 1 },
    });
    expect(await findVm(0)).toMatchObject({ hostId: hostId(1), powerState: 'poweredOn' });
    expect(agent(0).world(vmId(0))).toBeUndefined();
    await lab.run(migrate, { vmId: vmId(0), hostId: hostId(0) });
    expect(await findVm(0)).toMatchObject({ hostId: hostId(0) });
  });

  test('a move that fails leaves the VM where it runs', async () => {
    agent(0).failures.set('migrateOut', new Fault('MigrationFault', 'The world refused.'));
    const task = await lab.run(migrate, { vmId: vmId(0), hostId: hostId(1) });
    expect(task).toMatchObject({ state: 'error', fault: { fault: 'MigrationFault' } });
    expect(await findVm(0)).toMatchObject({ hostId: hostId(0), powerState: 'poweredOn' });
    agent(0).failures.clear();
  });

  test('a move whose controller dies is finished by the next', async () => {
    let open = () => {};
    agent(0).gates.set(
      'migrateOut',
      new Promise((resolve) => {
        open = resolve;
      }),
    );
    const taskId = await lab.submit(migrate, { vmId: vmId(0), hostId: hostId(1) });
    await lab.eventually(async () =>
      agent(0).calls.some(({ operationKey }) => operationKey === `${taskId}:out`),
    );
    await lab.stopController();
    open();
    agent(0).gates.clear();
    await lab.eventually(async () => agent(1).world(vmId(0))?.state === 'running');
    lab.startController();
    expect(await lab.ended(taskId)).toMatchObject({ state: 'success' });
    expect(await findVm(0)).toMatchObject({ hostId: hostId(1) });
    await lab.run(migrate, { vmId: vmId(0), hostId: hostId(0) });
  });
});

describe('maintenance mode', () => {
  test('a host is emptied to compatible hosts, and refuses VMs until it leaves', async () => {
    const task = await lab.run(enterMaintenance, { hostId: hostId(0) });
    expect(task).toMatchObject({ state: 'success' });
    // esx03 lost the filter of web01's disk above.
    expect(await findVm(0)).toMatchObject({ hostId: hostId(1) });
    expect(agent(0).report.maintenanceMode).toBe(true);
    const child = await lab.db.task.findFirst({ where: { parentId: task.id } });
    expect(child).toMatchObject({ operation: 'Drm.ExecuteVMotionLRO', state: 'success' });
    await expect(lab.submit(migrate, { vmId: vmId(0), hostId: hostId(0) })).rejects.toMatchObject({
      fault: 'HostInMaintenanceMode',
    });
  });

  test('a VM that no host can take blocks it and is named, until it is cancelled', async () => {
    const taskId = await lab.submit(enterMaintenance, { hostId: hostId(1) });
    const event = await lab.eventually(() =>
      lab.db.event.findFirst({
        where: { type: 'NoMaintenanceModeDrsRecommendationForVM', taskId },
      }),
    );
    expect(event.message).toContain('web01');
    expect(event.message).toContain('not installed on esx03');
    await cancelTask(lab.db, caller, taskId);
    expect(await lab.ended(taskId)).toMatchObject({ state: 'canceled' });
    const host = await lab.db.host.findUnique({ where: { id: hostId(1) } });
    expect(host).toMatchObject({ maintenanceState: 'normal' });
    expect(await lab.run(exitMaintenance, { hostId: hostId(0) })).toMatchObject({
      state: 'success',
    });
    await lab.eventually(async () => !agent(0).report.maintenanceMode);
  });
});
