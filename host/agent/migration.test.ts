// Tests of vMotion between two hosts of one machine, under load: no error, one owner, and a way
// back.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { WorkloadStatus } from '#lib/model/workload.ts';
import * as calls from '#lib/wire/agent/host-rpc.ts';
import { eventually, type TestAgent, TestLab, testVm } from './test-agents.ts';

// Real processes on a busy machine: the limits only end what hangs.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const lab = new TestLab();
const vm = testVm(1);
const trace = { name: 'trace', class: 'inspection' as const, properties: {} };
let esx01: TestAgent;
let esx02: TestAgent;
let nbdPort = 0;

beforeAll(async () => {
  await lab.openDepot();
  esx01 = await lab.addHost(1);
  esx02 = await lab.addHost(2);
  await esx01.keyed(calls.installVib, lab.vib('trace'));
  await esx01.keyed(calls.createVm, { vm, contents: [] });
  nbdPort = (await esx01.keyed(calls.powerOnVm, { vm })).nbdPort;
});

afterAll(() => lab.close());

function specOf(filters: (typeof trace)[] = []): calls.VmRunSpec {
  return { ...vm, nbdPort, disks: vm.disks.map((disk) => ({ ...disk, filters })) };
}

async function migrate(from: TestAgent, to: TestAgent, spec = specOf()) {
  const ticket = await to.keyed(calls.prepareIncoming, { vm: spec });
  const result = await from.keyed(calls.migrateOut, { vmId: 'vm-1', ticket });
  expect(await to.keyed(calls.finishIncoming, { vmId: 'vm-1' })).toEqual({ arrived: true });
  return result;
}

async function startLoad(host: TestAgent): Promise<string> {
  const workload = {
    ...{ kind: 'generator' as const, pattern: 'randrw' as const, readPercent: 70 },
    ...{ blockBytes: 4096, queueDepth: 16, rateIops: 0, durationSeconds: 600 },
  };
  const request = { vmId: 'vm-1', diskKey: 2000, workload, traceUrl: null };
  const { workloadId } = await host.keyed(calls.startWorkload, request);
  await loadOf(host, workloadId, ({ completedIos }) => completedIos > 0);
  return workloadId;
}

function loadOf(
  host: TestAgent,
  id: string,
  wanted: (status: WorkloadStatus) => boolean,
): Promise<WorkloadStatus> {
  return eventually(async () => {
    const found = (await host.report()).workloads.find((workload) => workload.id === id);
    return found && wanted(found) ? found : null;
  });
}

async function endLoad(host: TestAgent, id: string): Promise<WorkloadStatus> {
  await host.call(calls.stopWorkload, { workloadId: id });
  return loadOf(host, id, ({ state }) => state !== 'running');
}

test('a host without the filter refuses the VM, naming filter and host', async () => {
  await expect(esx02.keyed(calls.prepareIncoming, { vm: specOf([trace]) })).rejects.toMatchObject({
    fault: 'GenericVmConfigFault',
    message: 'The I/O filter trace is not installed on the host esx02.',
  });
  expect(await esx02.world('vm-1')).toBeUndefined();
});

test('a place that is not used is cleared', async () => {
  await esx02.keyed(calls.prepareIncoming, { vm: specOf() });
  expect(await esx02.world('vm-1')).toMatchObject({ state: 'migratingIn' });
  expect(await esx02.keyed(calls.finishIncoming, { vmId: 'vm-1' })).toEqual({ arrived: false });
  expect(await esx02.world('vm-1')).toBeUndefined();
});

test('a place that nobody came to does not keep the VM from being powered on', async () => {
  await esx02.keyed(calls.prepareIncoming, { vm: specOf() });
  await esx01.keyed(calls.powerOffVm, { vmId: 'vm-1' });
  await esx02.keyed(calls.powerOnVm, { vm: specOf() });
  expect(await esx02.world('vm-1')).toMatchObject({ state: 'running', nbdPort });
  await esx02.keyed(calls.powerOffVm, { vmId: 'vm-1' });
  await esx02.keyed(calls.unregisterVm, { vmId: 'vm-1' });
  await esx01.keyed(calls.powerOnVm, { vm: specOf() });
});

test('a running VM moves there and back under load, without an error', async () => {
  await esx02.keyed(calls.installVib, lab.vib('trace'));
  const change = { vm: specOf(), diskKey: 2000, filters: [trace] };
  await esx01.keyed(calls.setDiskFilters, change);
  const load = await startLoad(esx01);
  for (let round = 0; round < 3; round++) {
    const there = await migrate(esx01, esx02, specOf([trace]));
    expect(there.connections).toBe(1);
    expect(await esx01.world('vm-1')).toBeUndefined();
    expect(await esx02.world('vm-1')).toMatchObject({
      ...{ powerState: 'poweredOn', state: 'running', nbdPort },
      disks: [{ filters: [{ name: 'trace' }], connections: 1 }],
    });
    await migrate(esx02, esx01, specOf([trace]));
  }
  const { completedIos } = await loadOf(esx01, load, () => true);
  await loadOf(esx01, load, (status) => status.completedIos > completedIos);
  expect(await endLoad(esx01, load)).toMatchObject({ state: 'stopped', errors: 0 });
  await esx01.keyed(calls.setDiskFilters, { ...change, filters: [] });
});

test('when the destination cannot start, the VM runs on here and no I/O is lost', async () => {
  const load = await startLoad(esx01);
  const ticket = await esx02.keyed(calls.prepareIncoming, { vm: specOf() });
  await rm(join(lab.folder, 'esx02/launch/vm-1.json'));
  await expect(esx01.keyed(calls.migrateOut, { vmId: 'vm-1', ticket })).rejects.toMatchObject({
    fault: 'MigrationFault',
  });
  expect(await esx02.keyed(calls.finishIncoming, { vmId: 'vm-1' })).toEqual({ arrived: false });
  expect(await esx01.world('vm-1')).toMatchObject({ state: 'running', nbdPort });
  expect(await endLoad(esx01, load)).toMatchObject({ state: 'stopped', errors: 0 });
});

test('the VM arrives although the agent there dies meanwhile', async () => {
  const load = await startLoad(esx01);
  const ticket = await esx02.keyed(calls.prepareIncoming, { vm: specOf() });
  await esx02.end('SIGKILL');
  await esx01.keyed(calls.migrateOut, { vmId: 'vm-1', ticket });
  await esx02.start();
  expect(await esx02.keyed(calls.finishIncoming, { vmId: 'vm-1' })).toEqual({ arrived: true });
  expect(await endLoad(esx01, load)).toMatchObject({ state: 'stopped', errors: 0 });
  await migrate(esx02, esx01);
});

test.each([0, 20, 60, 120, 200, 300])(
  'when the agent here dies %i ms into the handover, one host has the VM',
  async (delayMs) => {
    const ticket = await esx02.keyed(calls.prepareIncoming, { vm: specOf() });
    const request = { operationKey: `move-${delayMs}`, vmId: 'vm-1', ticket };
    const cutOff = esx01.call(calls.migrateOut, request).catch(() => null);
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    await esx01.end('SIGKILL');
    await cutOff;
    await esx01.start();
    const owner = await eventually(async () => {
      const [here, there] = [await esx01.world('vm-1'), await esx02.world('vm-1')];
      const running = [here, there].map((world) => world?.state === 'running');
      if (running[0] === running[1]) return null;
      return running[0] ? esx01 : esx02;
    });
    const { arrived } = await esx02.keyed(calls.finishIncoming, { vmId: 'vm-1' });
    expect(arrived).toBe(owner === esx02);
    expect(await owner.world('vm-1')).toMatchObject({ state: 'running', nbdPort });
    if (owner === esx01) return;
    await esx01.keyed(calls.unregisterVm, { vmId: 'vm-1' });
    await migrate(esx02, esx01);
  },
);
