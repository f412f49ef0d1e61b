// An upgrade goes over four real hosts, two at a time: first in peace under a client that writes,
// with a pause in between; then amid killed hosts, a killed controller, a cut network and a failing
// depot, after which Resolve brings every host to the new version.
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { haveTools } from '#host/world/test-peers.ts';
import { upgradeIoFilter } from '#lib/controller/io-filters/upgrade-io-filter.ts';
import { pauseTask } from '#lib/controller/tasks/pause-task.ts';
import { labCaller } from '#scripts/lab/real-lab.ts';
import { ChaosLab } from './chaos-lab.ts';
import { findWrong, runChaos } from './run-chaos.ts';
import { seeded } from './seeded.ts';

// Real processes on a busy machine: the limits only end what hangs.
vi.setConfig({ testTimeout: 400_000, hookTimeout: 240_000 });

const peers = haveTools('qemu-io');
let chaos: ChaosLab;

beforeAll(async () => {
  chaos = await ChaosLab.open({ hosts: 4, vms: 1 });
  await chaos.startWriters();
});
afterAll(() => chaos.close());

test.skipIf(!peers)('two hosts at a time are upgraded under a client that writes', async () => {
  const { lab } = chaos;
  const depotId = await chaos.addVersion('1.1.0');
  const taskId = await lab.submit(upgradeIoFilter, {
    ...{ clusterId: lab.clusterId, filterId: 'TST_counting_1.0.0', depotId },
    hostsAtOnce: 2,
  });
  await pauseTask(lab.db, labCaller, { taskId, paused: true });
  // A host that had begun ends; no other begins.
  await lab.eventually(async () => {
    const emptied = await lab.db.host.count({ where: { NOT: { maintenanceState: 'normal' } } });
    return emptied === 0;
  });
  expect(await chaos.versions()).toContain('1.0.0');
  await pauseTask(lab.db, labCaller, { taskId, paused: false });
  expect(await lab.ended(taskId)).toMatchObject({ state: 'success', fault: null });
  expect(await chaos.versions()).toEqual(['1.1.0', '1.1.0', '1.1.0', '1.1.0']);
  const [writer] = chaos.writers;
  // The client's connection went along with its VM from host to host.
  expect(writer?.lost).toBe(0);
  expect(writer?.flushed).toBeGreaterThan(0);
});

test.skipIf(!peers)('an upgrade amid trouble ends once, and Resolve mends the rest', async () => {
  const link = await chaos.giveLink('esx04');
  const figures = await runChaos(chaos, {
    ...{ from: '1.1.0', to: '1.2.0', hostsAtOnce: 2, troubleEveryMs: 1_000, troublesMax: 5 },
    ...{ random: seeded(7), link, linked: 'esx04', small: null, log: () => undefined },
  });
  expect(await chaos.versions()).toEqual(['1.2.0', '1.2.0', '1.2.0', '1.2.0']);
  expect(Object.keys(figures.troubles).length).toBeGreaterThan(0);
  expect(await findWrong(chaos)).toEqual([]);
});
