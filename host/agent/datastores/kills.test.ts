// Kill -9 below a VM under load: of the storage provider, of the nodes of a vSAN, and of the VM's
// own process, at random moments. What was flushed is there.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { sleep } from '#lib/base/clock.ts';
import { systemClock } from '#lib/base/system-clock.ts';
import { systemRandom } from '#lib/base/system-random.ts';
import * as diskCalls from '#lib/wire/agent/disk-rpc.ts';
import * as calls from '#lib/wire/agent/host-rpc.ts';
import { allObjects } from '../../vsan/vsan-datastore.ts';
import { haveTools, mustRun } from '../../world/test-peers.ts';
import { eventually, type TestAgent, TestLab, testVm } from '../test-agents.ts';

// Real processes on a busy machine: the limits only end what hangs.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 300_000 });

const PROVIDER = fileURLToPath(new URL('../../vvol/provider-main.ts', import.meta.url));
const TOKEN = 'a token for the tests';
const KILLS = 3;
const tools = haveTools('qemu-io', 'fio', 'pgrep');
const lab = new TestLab();
const agents: TestAgent[] = [];
let provider: { child: ChildProcess; port: number } | null = null;

beforeAll(async () => {
  await lab.openDepot();
  const port = await startProvider(0);
  const options = { provider: `http://127.0.0.1:${port}`, token: TOKEN };
  const datastores = [
    { ...placeOf('vsan'), options: {} },
    { ...placeOf('VVOL'), options },
  ];
  for (const number of [1, 2, 3]) {
    const agent = await lab.addHost(number);
    agents.push(agent);
    await agent.call(calls.configure, { hostId: `host-${number}`, name: agent.name, datastores });
  }
  await eventually(async () => {
    const reports = await Promise.all(agents.map((agent) => agent.report()));
    return reports.every((report) => report.datastores.every(({ accessible }) => accessible));
  });
  await eventually(async () => readdirSync(join(lab.folder, 'vsan/.vsan/nodes')).length === 3);
});

afterAll(async () => {
  await lab.close();
  provider?.child.kill('SIGKILL');
});

function placeOf(type: 'vsan' | 'VVOL') {
  return {
    id: `datastore-${type === 'vsan' ? 3 : 4}`,
    name: type,
    type,
    path: join(lab.folder, type),
  };
}

/** Its data port may be another one after each start. */
async function startProvider(wanted: number): Promise<number> {
  const env = { ...process.env, SLUICE_VVOL_TOKEN: TOKEN, SLUICE_LOG_LEVEL: 'silent' };
  const args = ['--directory', join(lab.folder, 'container'), '--port', String(wanted)];
  const child = fork(PROVIDER, args, { env });
  const [message] = await once(child, 'message');
  const { port } = z.object({ port: z.number() }).parse(message);
  provider = { child, port };
  return port;
}

async function killProvider(): Promise<void> {
  if (!provider) return;
  const { child, port } = provider;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
  await startProvider(port);
}

/** One after the other, and only when the one before is back and has all data. */
async function killNode(): Promise<void> {
  const number = 1 + ((systemRandom.bytes(1)[0] ?? 0) % 3);
  const launch = join(lab.folder, `esx0${number}`, 'launch/vsan-datastore-3.json');
  const said = await mustRun('pgrep', ['-f', `node-main.ts ${launch}`]);
  process.kill(Number(said.trim().split('\n')[0]), 'SIGKILL');
  await eventually(async () => {
    const objects = await allObjects(join(lab.folder, 'vsan'));
    return objects.length > 0 && objects.every(({ state }) => state === 'healthy');
  });
}

function host(): TestAgent {
  const [agent] = agents;
  if (agent) return agent;
  throw new Error('no host');
}

function vmOn(number: number, type: 'vsan' | 'VVOL'): calls.VmRunSpec {
  const { id: datastoreId } = placeOf(type);
  const vm = testVm(number);
  return { ...vm, datastoreId, disks: vm.disks.map((disk) => ({ ...disk, datastoreId })) };
}

const CASES = [
  ['vsan', killNode],
  ['VVOL', killProvider],
] as const;

test.skipIf(!tools).each(CASES)('what serves %s dies under load', async (type, kill) => {
  const vm = vmOn(1, type);
  await host().keyed(calls.createVm, { vm, contents: [] });
  const { nbdSocketPath } = await host().keyed(calls.powerOnVm, { vm });
  const uri = `nbd+unix:///scsi0:0?socket=${nbdSocketPath}`;
  let ended = false;
  const load = mustRun(
    'fio',
    [
      ...['--name=verify', '--ioengine=nbd', `--uri=${uri}`, '--rw=randwrite', '--bs=16k'],
      ...['--size=24m', '--iodepth=8', '--verify=crc32c', '--verify_backlog=32', '--do_verify=1'],
      ...['--verify_fatal=1', '--loops=4', '--fsync=32', '--rate_iops=200'],
    ],
    { timeoutMs: 500_000 },
  ).finally(() => {
    ended = true;
  });
  let kills = 0;
  while (kills < KILLS && !ended) {
    await sleep(systemClock, 500 + 10 * (systemRandom.bytes(1)[0] ?? 0));
    await kill();
    kills += 1;
  }
  await load;
  expect(kills).toBeGreaterThan(0);
  await host().keyed(calls.powerOffVm, { vmId: vm.vmId });
  await host().keyed(diskCalls.destroyVm, { vm });
});

test.skipIf(!tools).each(['vsan', 'VVOL'] as const)('the VM’s process dies on %s', async (type) => {
  const vm = vmOn(2, type);
  await host().keyed(calls.createVm, { vm, contents: [] });
  await host().keyed(calls.powerOnVm, { vm });
  let pid = 0;
  const serving = async (): Promise<string> => {
    const world = await eventually(async () => {
      const found = await host().world(vm.vmId);
      return found?.state === 'running' && found.pid !== pid ? found : null;
    });
    pid = world.pid ?? 0;
    return `nbd+unix:///scsi0:0?socket=${world.nbdSocketPath}`;
  };
  const checks: string[] = [];
  for (let round = 1; round <= KILLS; round++) {
    const uri = await serving();
    for (const check of checks) {
      const said = await mustRun('qemu-io', ['-f', 'raw', '-c', check, uri]);
      expect(said).not.toMatch(/verification failed/i);
    }
    const write = ['-c', `write -P ${round} ${round}M 1M`, '-c', 'flush'];
    await mustRun('qemu-io', ['-f', 'raw', ...write, uri]);
    checks.push(`read -P ${round} ${round}M 1M`);
    // In the middle of writes that nobody was told are done.
    const late = ['-c', `write -P 99 ${32 + round}M 8M`, '-c', 'flush'];
    const unanswered = mustRun('qemu-io', ['-f', 'raw', ...late, uri]).catch(() => null);
    await sleep(systemClock, systemRandom.bytes(1)[0] ?? 0);
    process.kill(pid, 'SIGKILL');
    await unanswered;
  }
  const uri = await serving();
  for (const check of checks) {
    const said = await mustRun('qemu-io', ['-f', 'raw', '-c', check, uri]);
    expect(said).not.toMatch(/verification failed/i);
  }
  await host().keyed(calls.powerOffVm, { vmId: vm.vmId });
  await host().keyed(diskCalls.destroyVm, { vm });
});
