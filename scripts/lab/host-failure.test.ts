// A host of a cluster with vSphere HA dies whole, under a client that writes and flushes: its VM
// comes back on the other host with all that was flushed, the one whose filter is missing there
// stays down and says so, the controller is killed in the middle, and the host that returns leaves
// both alone. Before that only its agent dies, and nothing may be restarted.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { findTool, haveTools, runTool } from '#host/world/test-peers.ts';
import { configureHa } from '#lib/controller/ha/configure-ha.ts';
import { failOverHost } from '#lib/controller/ha/fail-over-host.ts';
import { troubleOf } from '#lib/controller/ha/ha-trouble.ts';
import { restartVm } from '#lib/controller/ha/restart-vm.ts';
import { powerOff } from '#lib/controller/vms/power-off.ts';
import { MIB } from '#lib/model/limits.ts';
import { RealLab } from './real-lab.ts';

// Real processes on a busy machine: the limits only end what hangs.
vi.setConfig({ testTimeout: 400_000, hookTimeout: 180_000 });

const BLOCK = 4096;
/** Blocks of one pattern: a mebibyte. */
const RUN = MIB / BLOCK;

const qemu = haveTools('qemu-io');
let lab: RealLab;

beforeAll(async () => {
  lab = await RealLab.open();
});
afterAll(() => lab.close());

const uriOf = (port: number) => `nbd://127.0.0.1:${port}/scsi0:0`;
const patternOf = (block: number) => (Math.trunc(block / RUN) % 255) + 1;

/** Writes block after block, each flushed before the next, until the disk is gone. */
function startWriter(port: number) {
  const args = ['-f', 'raw', '-t', 'writeback', uriOf(port)];
  const child = spawn(findTool('qemu-io') ?? '', args, { stdio: ['pipe', 'pipe', 'ignore'] });
  const writer = { written: 0, ended: once(child, 'close') };
  const next = (): void => {
    const block = writer.written;
    child.stdin.write(`write -P ${patternOf(block)} ${block * BLOCK} ${BLOCK}\nflush\n`);
  };
  child.stdin.on('error', () => undefined);
  child.stdout.on('data', (chunk: Buffer) => {
    // The answer to a write says nothing of its own flush, but of the one before.
    const answers = chunk.toString().split('wrote ').length - 1;
    const failed = /error|Input\/output/.test(chunk.toString());
    writer.written += answers;
    if (failed) child.stdin.end('quit\n');
    else if (answers > 0) next();
  });
  next();
  return writer;
}

async function expectWritten(port: number, blocks: number): Promise<void> {
  const commands: string[] = [];
  for (let from = 0; from < blocks; from += RUN) {
    const length = Math.min(RUN, blocks - from) * BLOCK;
    commands.push('-c', `read -P ${patternOf(from)} ${from * BLOCK} ${length}`);
  }
  const { stdout, code } = await runTool('qemu-io', ['-r', '-f', 'raw', ...commands, uriOf(port)]);
  expect(stdout).not.toMatch(/verification failed|error/i);
  expect(code).toBe(0);
}

const host = (name: string) => lab.db.host.findUniqueOrThrow({ where: { name } });
const vm = (id: string) => lab.db.vm.findUniqueOrThrow({ where: { id } });

test.skipIf(!qemu)('a host dies, and its VM comes back with all that was flushed', async () => {
  const config = { enabled: true, hostMonitoring: true, restartPriority: 'medium' as const };
  const ha = { ...config, admissionControl: true, failuresTolerated: 1 };
  await lab.run(configureHa, { clusterId: lab.clusterId, ha });
  const [plain, filtered] = [await lab.addVm('web01', [64 * MIB]), await lab.addVm('db01', [MIB])];
  // As if its filter were on its own host alone.
  const filters = [{ name: 'cache', class: 'cache', properties: {} }];
  await lab.db.disk.updateMany({ where: { vmId: filtered }, data: { filters } });
  const [{ id: from }, { id: to }] = [await host('esx01'), await host('esx02')];
  const writer = startWriter((await vm(plain)).nbdPort);

  await lab.killAgent('esx01');
  await lab.eventually(async () => (await host('esx01')).haState === 'networkIsolated');
  const before = writer.written;
  await lab.eventually(async () => writer.written > before);
  expect(await lab.db.task.count({ where: { operation: failOverHost.key } })).toBe(0);
  expect(await vm(plain)).toMatchObject({ hostId: from, powerState: 'poweredOn' });

  await lab.killHost('esx01');
  await writer.ended;
  expect(writer.written).toBeGreaterThan(1);
  await lab.eventually(() => lab.db.task.findFirst({ where: { operation: restartVm.key } }));
  await lab.killController();
  lab.startController();
  const failover = await lab.eventually(() =>
    lab.db.task.findFirst({
      where: { operation: failOverHost.key, completedAt: { not: null } },
    }),
  );
  // One VM stays down, so that the task does not call itself a success.
  expect(failover).toMatchObject({ targetId: from, state: 'error' });
  const restarts = await lab.db.task.findMany({ where: { operation: restartVm.key } });
  expect(restarts).toMatchObject([{ targetId: plain, state: 'success', parentId: failover.id }]);
  const back = await lab.eventually(() =>
    lab.db.vm.findFirst({ where: { id: plain, hostId: to, powerState: 'poweredOn' } }),
  );
  // The last one was answered, but nobody had heard of its flush.
  await expectWritten(back.nbdPort, writer.written - 1);
  const reasons = await lab.eventually(
    async () => troubleOf((await vm(filtered)).haTrouble)?.reasons,
  );
  expect(reasons.map(({ message }) => message).join(' ')).toContain('is not installed on esx02');
  expect(await vm(filtered)).toMatchObject({ hostId: from, powerState: 'poweredOff' });

  // So that the host need not open what it never had a filter for.
  await lab.db.disk.updateMany({ where: { vmId: filtered }, data: { filters: [] } });
  await lab.startHost('esx01');
  await lab.eventually(async () => (await host('esx01')).haState === 'connected');
  // It tried to start both; the lock of one is taken, and the controller has it forget that one.
  const own = await lab.eventually(async () => {
    const worlds = await lab.worldsOf('esx01');
    return worlds.every(({ vmId }) => vmId !== plain) && worlds;
  });
  expect(own.map(({ vmId }) => vmId)).toEqual([filtered]);
  expect(await vm(plain)).toMatchObject({ hostId: to, powerState: 'poweredOn' });
  await expectWritten(back.nbdPort, writer.written - 1);
  expect((await lab.run(powerOff, { vmId: plain })).state).toBe('success');
});
