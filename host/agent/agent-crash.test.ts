// Crash tests of the host agent: killed at any moment of a power-on it comes back to exactly one
// running world, and the call that was cut off ends well when it is asked again.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { sleep } from '#lib/base/clock.ts';
import { systemClock } from '#lib/base/system-clock.ts';
import * as calls from '#lib/wire/agent/host-rpc.ts';
import { eventually, type TestAgent, TestLab, testVm } from './test-agents.ts';

// Real processes on a busy machine: the limits only end what hangs.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const lab = new TestLab();
let esx01: TestAgent;

beforeAll(async () => {
  await lab.openDepot();
  esx01 = await lab.addHost(1);
  await esx01.keyed(calls.createVm, { vm: testVm(1), contents: [] });
});

afterAll(() => lab.close());

test.each([0, 5, 15, 40, 80, 120, 160, 200, 240, 300])(
  'killed %i ms into a power-on, and asked again',
  async (delayMs) => {
    const request = { operationKey: `on-${delayMs}`, vm: testVm(1) };
    const cutOff = esx01.call(calls.powerOnVm, request).catch(() => null);
    await sleep(systemClock, delayMs);
    await esx01.end('SIGKILL');
    await cutOff;
    await esx01.start();
    const { nbdPort } = await esx01.call(calls.powerOnVm, request);
    const world = await eventually(async () => {
      const found = await esx01.world('vm-1');
      return found?.state === 'running' ? found : null;
    });
    expect(world.nbdPort).toBe(nbdPort);
    expect(worldProcesses()).toEqual([world.pid]);
    await esx01.keyed(calls.powerOffVm, { vmId: 'vm-1' });
    expect(worldProcesses()).toEqual([]);
  },
);

test('a world that hangs is killed by power-off', async () => {
  await esx01.keyed(calls.powerOnVm, { vm: testVm(1) });
  const { pid } = (await esx01.world('vm-1')) ?? {};
  process.kill(pid ?? 0, 'SIGSTOP');
  await esx01.keyed(calls.powerOffVm, { vmId: 'vm-1' });
  expect(worldProcesses()).toEqual([]);
});

/** Processes that run worlds of this lab. */
function worldProcesses(): number[] {
  const launchFolder = join(lab.folder, 'esx01', 'launch');
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => commandOf(name).includes(launchFolder))
    .map(Number);
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    // It ended meanwhile.
    return '';
  }
}
