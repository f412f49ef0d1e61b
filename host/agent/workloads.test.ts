// Tests of the built-in workload against a real world: numbers, traces, stopping, and the loss of
// either end.
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { MIB } from '#lib/model/limits.ts';
import type { Workload, WorkloadStatus } from '#lib/model/workload.ts';
import * as calls from '#lib/wire/agent/host-rpc.ts';
import { eventually, type TestAgent, TestLab, testVm } from './test-agents.ts';

// Real processes on a busy machine: the limits only end what hangs.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const lab = new TestLab();
let esx01: TestAgent;

beforeAll(async () => {
  await lab.openDepot();
  esx01 = await lab.addHost(1);
  const vm = testVm(1);
  await esx01.keyed(calls.createVm, { vm, contents: [] });
  await esx01.keyed(calls.powerOnVm, { vm });
});

afterAll(() => lab.close());

const generator = {
  kind: 'generator' as const,
  pattern: 'randrw' as const,
  readPercent: 70,
  blockBytes: 4096,
  queueDepth: 8,
  rateIops: 0,
  durationSeconds: 1,
};

async function start(workload: Workload, traceUrl: string | null = null): Promise<string> {
  const request = { vmId: 'vm-1', diskKey: 2000, workload, traceUrl };
  return (await esx01.keyed(calls.startWorkload, request)).workloadId;
}

function status(id: string, wanted: (status: WorkloadStatus) => boolean): Promise<WorkloadStatus> {
  return eventually(async () => {
    const found = (await esx01.report()).workloads.find((workload) => workload.id === id);
    if (found && wanted(found)) return found;
    if (found && hasEnded(found)) throw new Error(`it ended as ${JSON.stringify(found)}`);
    return null;
  });
}

const hasEnded = ({ state }: WorkloadStatus) => state !== 'running';

test.each(['randread', 'randwrite', 'randrw', 'read', 'write'] as const)(
  'the generator runs %s for its time, without errors',
  async (pattern) => {
    const result = await status(await start({ ...generator, pattern }), hasEnded);
    expect(result).toMatchObject({ state: 'finished', errors: 0, message: '' });
    expect(result.completedIos).toBeGreaterThan(0);
    expect(result.completedBytes).toBe(result.completedIos * 4096);
    expect(result.p99Us).toBeGreaterThanOrEqual(1);
  },
);

test('a rate limit is kept', async () => {
  const result = await status(await start({ ...generator, rateIops: 50 }), hasEnded);
  expect(result.completedIos).toBeLessThanOrEqual(51);
  expect(result.errors).toBe(0);
});

test('a trace is fetched, played to its end, and wrapped into the disk', async () => {
  const ios = 300;
  const bytes = new Uint8Array(ios * 32);
  const view = new DataView(bytes.buffer);
  for (let index = 0; index < ios; index++) {
    view.setUint32(index * 32 + 4, 4608, true);
    view.setUint16(index * 32 + 12, index % 3 === 0 ? 0x2a : 0x28, true);
    view.setUint16(index * 32 + 14, 1 << 8, true);
    // Far beyond the end of the disk, and not aligned to 4 KiB.
    view.setBigUint64(index * 32 + 16, BigInt(index * 7919 + 1_000_000_000), true);
    view.setBigUint64(index * 32 + 24, BigInt(index * 1000), true);
  }
  const traceUrl = lab.serve('short.vscsi', bytes);
  const workload = { kind: 'trace' as const, traceId: 'trace-1', speed: 10, queueDepth: 4 };
  const id = await start({ ...workload, durationSeconds: 60 }, traceUrl);
  const result = await status(id, hasEnded);
  expect(result).toMatchObject({ state: 'finished', errors: 0, completedIos: ios });
});

test('a damaged trace fails with the place of the damage', async () => {
  const bytes = new Uint8Array(100);
  bytes[15] = 1;
  bytes[47] = 1;
  bytes[79] = 1;
  const traceUrl = lab.serve('damaged.vscsi', bytes);
  const workload = { kind: 'trace' as const, traceId: 'trace-2', speed: 0, queueDepth: 4 };
  const id = await start({ ...workload, durationSeconds: 60 }, traceUrl);
  expect(await status(id, hasEnded)).toMatchObject({
    state: 'failed',
    message: expect.stringContaining('inside a record'),
  });
});

test('a workload stops when told to, and its result stays', async () => {
  const id = await start({ ...generator, durationSeconds: 600 });
  await status(id, ({ completedIos }) => completedIos > 0);
  await esx01.call(calls.stopWorkload, { workloadId: id });
  const result = await status(id, hasEnded);
  expect(result).toMatchObject({ state: 'stopped', errors: 0 });
  expect(result.endedAt).not.toBeNull();
  await esx01.call(calls.stopWorkload, { workloadId: id });
});

test('its numbers say when the world died under it', async () => {
  const id = await start({ ...generator, durationSeconds: 600 });
  await status(id, ({ completedIos }) => completedIos > 0);
  const pid = (await esx01.world('vm-1'))?.pid;
  process.kill(pid ?? 0, 'SIGKILL');
  const result = await status(id, hasEnded);
  expect(result.state).toBe('failed');
  expect(result.errors).toBeGreaterThan(0);
  // Another one: for a moment the agent may not know yet that the first has died.
  await eventually(async () => {
    const world = await esx01.world('vm-1');
    return world?.state === 'running' && world.pid !== pid;
  });
});

test('a filter is put on and taken off the disk under load without an error', async () => {
  await esx01.keyed(calls.installVib, lab.vib('trace'));
  const id = await start({ ...generator, durationSeconds: 600 });
  await status(id, ({ completedIos }) => completedIos > 0);
  const change = { vm: testVm(1), diskKey: 2000 };
  const trace = { name: 'trace', class: 'inspection' as const, properties: {} };
  for (let round = 0; round < 5; round++) {
    await esx01.keyed(calls.setDiskFilters, { ...change, filters: [trace] });
    await esx01.keyed(calls.setDiskFilters, { ...change, filters: [] });
  }
  const { samples } = await esx01.call(calls.sampleVms, {});
  expect(samples[0]?.sample.disks[0]?.connections).toBe(1);
  await esx01.call(calls.stopWorkload, { workloadId: id });
  expect(await status(id, hasEnded)).toMatchObject({ state: 'stopped', errors: 0 });
});

test('a workload ends with its agent and is reported as failed by the next', async () => {
  const id = await start({ ...generator, durationSeconds: 600 });
  await status(id, ({ completedIos }) => completedIos > 0);
  await esx01.end('SIGKILL');
  await esx01.start();
  expect(await status(id, hasEnded)).toMatchObject({
    state: 'failed',
    message: expect.stringContaining('restarted'),
  });
  await eventually(async () => {
    const world = await esx01.world('vm-1');
    return world?.disks[0]?.connections === 0 ? world : null;
  });
});

test('a disk of a VM that is off takes no workload', async () => {
  const request = { vmId: 'vm-9', diskKey: 2000, workload: generator, traceUrl: null };
  await expect(esx01.keyed(calls.startWorkload, request)).rejects.toMatchObject({
    fault: 'NotFound',
  });
  const huge = { ...generator, blockBytes: 4 * MIB, queueDepth: 1 };
  const id = await start(huge);
  expect(await status(id, hasEnded)).toMatchObject({ state: 'finished', errors: 0 });
});
