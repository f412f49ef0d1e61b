// Tests of the host agent as a process, by the controller's calls: identity, VMs on and off, VIBs,
// crashes.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { JSON_BODY_BYTES_MAX } from '#lib/model/limits.ts';
import * as calls from '#lib/wire/agent/host-rpc.ts';
import { eventually, type TestAgent, TestLab, testVm } from './test-agents.ts';

// Real processes on a busy machine: the limits only end what hangs.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const lab = new TestLab();
let esx01: TestAgent;
let esx02: TestAgent;

const trace = { name: 'trace', class: 'inspection' as const, properties: {} };

beforeAll(async () => {
  await lab.openDepot();
  esx01 = await lab.addHost(1);
  esx02 = await lab.addHost(2);
});

afterAll(() => lab.close());

async function poweredOn(number: number, host = esx01) {
  const vm = testVm(number);
  await host.keyed(calls.createVm, { vm, contents: [] });
  const { nbdPort, nbdSocketPath } = await host.keyed(calls.powerOnVm, { vm });
  return { vm: { ...vm, nbdPort }, nbdPort, nbdSocketPath };
}

test('refuses strangers, unknown calls and malformed bodies, and lives on', async () => {
  expect(await esx01.post('/rpc/report', '{}', 'wrong')).toMatchObject({ status: 401 });
  expect(await esx01.post('/rpc/nonsense', '{}')).toMatchObject({ status: 404 });
  expect(await esx01.post('/', '{}')).toMatchObject({ status: 404 });
  for (const body of ['', '{', '[]', '{"vm":null}', '\u0000']) {
    const { status, text } = await esx01.post('/rpc/powerOnVm', body);
    expect(status).toBe(400);
    expect(JSON.parse(text)).toMatchObject({ fault: 'InvalidArgument' });
  }
  const large = 'x'.repeat(JSON_BODY_BYTES_MAX + 1);
  expect(await esx01.post('/rpc/powerOnVm', large)).toMatchObject({ status: 413 });
  expect((await esx01.report()).hostId).toBe('host-1');
});

test('powers a VM on and off, once for each operation key', async () => {
  const vm = testVm(1);
  const create = { operationKey: 'create', vm, contents: [] };
  expect(await esx01.call(calls.createVm, create)).toEqual({ warnings: [] });
  const on = { operationKey: 'on', vm };
  const [first, joined] = await Promise.all([
    esx01.call(calls.powerOnVm, on),
    esx01.call(calls.powerOnVm, on),
  ]);
  expect(joined).toEqual(first);
  expect(existsSync(first.nbdSocketPath)).toBe(true);
  expect(await esx01.world('vm-1')).toMatchObject({
    powerState: 'poweredOn',
    state: 'running',
    nbdPort: first.nbdPort,
    disks: [{ key: 2000, filters: [], connections: 0 }],
  });
  await esx01.keyed(calls.powerOffVm, { vmId: 'vm-1' });
  expect(await esx01.world('vm-1')).toMatchObject({ powerState: 'poweredOff', state: 'off' });
  expect(await esx01.keyed(calls.powerOnVm, { vm })).toMatchObject({ nbdPort: first.nbdPort });
  await expect(esx01.keyed(calls.unregisterVm, { vmId: 'vm-1' })).rejects.toMatchObject({
    fault: 'InvalidPowerState',
  });
  await esx01.keyed(calls.powerOffVm, { vmId: 'vm-1' });
  await esx01.keyed(calls.unregisterVm, { vmId: 'vm-1' });
  expect(await esx01.world('vm-1')).toBeUndefined();
});

test('an NBD client sees the disk', async (context) => {
  const { nbdSocketPath } = await poweredOn(2);
  try {
    const uri = `nbd+unix:///scsi0:0?socket=${nbdSocketPath}`;
    const info = JSON.parse(execFileSync('nbdinfo', ['--json', uri]).toString());
    expect(info.exports[0]).toMatchObject({ 'export-size': 64 * 1024 * 1024 });
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || error.code !== 'ENOENT') throw error;
    if (process.env.CI) throw error;
    context.skip('nbdinfo is not installed');
  } finally {
    await esx01.keyed(calls.powerOffVm, { vmId: 'vm-2' });
  }
});

test('two hosts never run one VM', async () => {
  const { vm } = await poweredOn(3);
  await expect(esx02.keyed(calls.powerOnVm, { vm: { ...vm, nbdPort: 0 } })).rejects.toMatchObject({
    fault: 'FileLocked',
    message: expect.stringContaining('esx01'),
  });
  expect(await esx02.world('vm-3')).toBeUndefined();
  await esx01.keyed(calls.powerOffVm, { vmId: 'vm-3' });
  await esx02.keyed(calls.powerOnVm, { vm: { ...vm, nbdPort: 0 } });
  await esx02.keyed(calls.powerOffVm, { vmId: 'vm-3' });
});

test('installs a filter, puts it on a running disk, and keeps it while it is used', async () => {
  const { vm } = await poweredOn(4);
  const change = { vm, diskKey: 2000, filters: [trace] };
  await expect(esx01.keyed(calls.setDiskFilters, change)).rejects.toMatchObject({
    fault: 'CannotOpenDisk',
    message: expect.stringContaining('esx01'),
  });
  const { vibId } = lab.vib('trace');
  expect(await esx01.keyed(calls.installVib, lab.vib('trace'))).toEqual({
    vibId,
    alreadyInstalled: false,
  });
  expect(await esx01.keyed(calls.installVib, lab.vib('trace'))).toMatchObject({
    alreadyInstalled: true,
  });
  await esx01.keyed(calls.setDiskFilters, change);
  expect((await esx01.world('vm-4'))?.disks[0]?.filters).toMatchObject([{ name: 'trace' }]);
  await expect(esx01.keyed(calls.removeVib, { vibId })).rejects.toMatchObject({
    fault: 'FilterInUse',
    reasons: [{ objects: ['vm-4'] }],
  });
  await esx01.keyed(calls.powerOffVm, { vmId: 'vm-4' });
  await expect(esx01.keyed(calls.removeVib, { vibId })).rejects.toMatchObject({
    fault: 'FilterInUse',
  });
  await esx01.keyed(calls.powerOnVm, {
    vm: { ...vm, disks: vm.disks.map((disk) => ({ ...disk, filters: [trace] })) },
  });
  await esx01.keyed(calls.setDiskFilters, { ...change, filters: [] });
  await esx01.keyed(calls.removeVib, { vibId });
  expect((await esx01.report()).vibs).toEqual([]);
  await esx01.keyed(calls.powerOffVm, { vmId: 'vm-4' });
});

test('a VIB other than the announced one is not installed', async () => {
  const wrong = { ...lab.vib('qos'), sha256: '0'.repeat(64) };
  await expect(esx01.keyed(calls.installVib, wrong)).rejects.toMatchObject({
    fault: 'VibDownloadError',
  });
  expect((await esx01.report()).vibs).toEqual([]);
});

test('killed in a download, a host has none of it, and installs it when asked again', async () => {
  let open: () => void = () => undefined;
  lab.gate = new Promise((resolve) => {
    open = resolve;
  });
  const request = { operationKey: 'install', ...lab.vib('cache') };
  const cutOff = esx02.call(calls.installVib, request).catch(() => null);
  await eventually(async () => {
    const { operations } = await esx02.report();
    return operations.some(({ step, state }) => step === 'downloading' && state === 'running');
  });
  await esx02.end('SIGKILL');
  await cutOff;
  open();
  await esx02.start();
  expect((await esx02.report()).vibs).toEqual([]);
  expect(await esx02.call(calls.installVib, request)).toMatchObject({ alreadyInstalled: false });
  expect((await esx02.report()).vibs).toMatchObject([{ filter: { name: 'cache' } }]);
});

test('no input of any call ends the agent', async () => {
  const names = Object.values(calls).flatMap((call) =>
    'timeoutMs' in call && call.name !== 'report' ? [call.name] : [],
  );
  const inputs = fc.oneof(
    fc.jsonValue(),
    fc.record({ operationKey: fc.string(), vmId: fc.string(), vm: fc.jsonValue() }),
  );
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...names), inputs, async (name, input) => {
      const { status, text } = await esx02.post(`/rpc/${name}`, JSON.stringify(input));
      expect(status).toBeLessThan(500);
      JSON.parse(text);
    }),
    { numRuns: 200 },
  );
  expect((await esx02.report()).hostId).toBe('host-2');
});

test('a datastore that goes away is reported, and reported again when it is back', async () => {
  const path = join(lab.folder, 'ds1');
  const seen = (accessible: boolean) =>
    eventually(async () => {
      const [datastore] = (await esx02.report()).datastores;
      return datastore?.accessible === accessible ? datastore : null;
    });
  await rename(path, `${path}-away`);
  expect((await seen(false)).message).toContain(path);
  await expect(esx02.keyed(calls.powerOnVm, { vm: testVm(6) })).rejects.toMatchObject({
    fault: 'InvalidDatastore',
  });
  await rename(`${path}-away`, path);
  await seen(true);
  const types = (await esx02.report()).events.map((event) => event.type);
  expect(types).toEqual(['DatastoreInaccessible', 'DatastoreAccessible']);
});

test('in maintenance mode a host takes no VM', async () => {
  await esx02.call(calls.setMaintenanceMode, { enabled: true });
  await expect(esx02.keyed(calls.powerOnVm, { vm: testVm(5) })).rejects.toMatchObject({
    fault: 'HostInMaintenanceMode',
  });
  await expect(esx02.keyed(calls.prepareIncoming, { vm: testVm(5) })).rejects.toMatchObject({
    fault: 'HostInMaintenanceMode',
  });
  await esx02.call(calls.setMaintenanceMode, { enabled: false });
});

test('worlds outlive a kill -9 of their agent, which finds them again', async () => {
  const { nbdPort } = await poweredOn(6);
  const before = await esx01.world('vm-6');
  await esx01.end('SIGKILL');
  process.kill(before?.pid ?? 0, 0);
  await esx01.start();
  const after = await eventually(async () => {
    const world = await esx01.world('vm-6');
    return world?.state === 'running' ? world : null;
  });
  expect(after).toMatchObject({ pid: before?.pid, nbdPort });
  await esx01.keyed(calls.powerOffVm, { vmId: 'vm-6' });
});

test('a world that was killed starts again at its address, and the host says so', async () => {
  const { nbdPort } = await poweredOn(7);
  const { pid } = (await esx01.world('vm-7')) ?? {};
  process.kill(pid ?? 0, 'SIGKILL');
  const after = await eventually(async () => {
    const world = await esx01.world('vm-7');
    return world?.state === 'running' && world.pid !== pid ? world : null;
  });
  expect(after.nbdPort).toBe(nbdPort);
  const types = (await esx01.report()).events
    .filter((event) => event.vmId === 'vm-7')
    .map((event) => event.type);
  expect(types).toEqual(['VmWorldEnded', 'VmRestarted']);
  await esx01.keyed(calls.powerOffVm, { vmId: 'vm-7' });
});

test('a graceful stop ends the worlds, and the next start brings them back', async () => {
  await poweredOn(8);
  const { pid } = (await esx01.world('vm-8')) ?? {};
  await esx01.end('SIGTERM');
  expect(() => process.kill(pid ?? 0, 0)).toThrow('ESRCH');
  await esx01.start();
  const back = await eventually(async () => {
    const world = await esx01.world('vm-8');
    return world?.state === 'running' ? world : null;
  });
  expect(back.powerState).toBe('poweredOn');
  await esx01.keyed(calls.powerOffVm, { vmId: 'vm-8' });
});

test('events keep their numbers over restarts, and a report waits for news', async () => {
  const { bootId, revision, events } = await esx01.report();
  const last = events.at(-1)?.sequence ?? 0;
  expect(events.map((event) => event.sequence)).toEqual(events.map((_, index) => index + 1));
  expect((await esx01.report(last)).events).toEqual([]);
  const news = esx01.call(calls.report, {
    ...{ knownRevision: revision, knownBootId: bootId, afterEvent: last, waitMs: 20_000 },
  });
  await esx01.call(calls.setMaintenanceMode, { enabled: true });
  expect((await news).maintenanceMode).toBe(true);
  await esx01.call(calls.setMaintenanceMode, { enabled: false });
});
