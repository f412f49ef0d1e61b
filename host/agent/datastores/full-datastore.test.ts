// A datastore becomes full while a guest writes to a snapshot's redo log. Removing the snapshot
// needs a block for the .vmx itself: without any it is refused and everything stays as it was.
import { appendFile, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import * as diskCalls from '#lib/wire/agent/disk-rpc.ts';
import * as calls from '#lib/wire/agent/host-rpc.ts';
import { haveTools, mustRun, runTool } from '../../world/test-peers.ts';
import { eventually, type TestAgent, TestLab, testVm } from '../test-agents.ts';

// Real processes on a busy machine: the limits only end what hangs.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 180_000 });

const MAY_MOUNT = haveTools('qemu-io', 'mount', 'umount') && process.getuid?.() === 0;
const KIB = 1024;
const lab = new TestLab();
const small = join(lab.folder, 'small');
let host: TestAgent;
let isMounted = false;

beforeAll(async () => {
  await mkdir(small);
  const mounted = await runTool('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', small]);
  isMounted = mounted.code === 0;
  await lab.openDepot();
  host = await lab.addHost(1);
  const datastore = { id: 'datastore-1', name: 'small', type: 'NFS' as const, path: small };
  await host.call(calls.configure, { hostId: 'host-1', name: host.name, datastores: [datastore] });
  await eventually(async () => (await host.report()).datastores.every((each) => each.accessible));
});

afterAll(async () => {
  // What still has it open lets it go with its end.
  if (isMounted) await runTool('umount', ['-l', small]);
  await lab.close();
});

test.skipIf(!MAY_MOUNT)('a snapshot is removed when there is a block again', async ({ skip }) => {
  // Not every machine lets its root mount.
  if (!isMounted) return skip('a file system cannot be mounted here');
  const vm = testVm(1);
  await host.keyed(calls.createVm, { vm, contents: [] });
  const { nbdSocketPath } = await host.keyed(calls.powerOnVm, { vm });
  const io = (...commands: string[]): Promise<string> => {
    const args = commands.flatMap((command) => ['-c', command]);
    const uri = `nbd+unix:///scsi0:0?socket=${nbdSocketPath}`;
    return mustRun('qemu-io', ['-f', 'raw', ...args, uri], { timeoutMs: 240_000 });
  };
  await io('write -P 1 0 2M', 'flush');
  const named = { name: 'before', description: '', quiesce: false };
  const { layout, snapshotId } = await host.keyed(diskCalls.createSnapshot, { vm, ...named });
  await fill(1024 * KIB);
  const write = io('write -P 7 0 2M', 'flush');
  const trouble = async () => (await host.world(vm.vmId))?.trouble?.kind;
  await eventually(async () => (await trouble()) === 'noSpace');
  // Nobody leaves a block to the others.
  await fill(0);
  const now = { ...vm, disks: layout.disks };
  const removal = { vm: now, snapshotId, removeChildren: false };
  await expect(host.keyed(diskCalls.removeSnapshot, removal)).rejects.toMatchObject({
    fault: 'NoDiskSpace',
    message: expect.stringMatching(/web01\.vmx cannot be written: ENOSPC/),
  });
  const { layout: kept } = await host.call(diskCalls.readVmLayout, { vm: now });
  expect(kept.snapshots.map(({ id }) => id)).toEqual([snapshotId]);
  expect(kept.disks).toEqual(layout.disks);
  expect(await trouble()).toBe('noSpace');
  await rm(join(small, 'ballast'));
  await write;
  const removed = await host.keyed(diskCalls.removeSnapshot, removal);
  expect(removed.layout.snapshots).toEqual([]);
  expect(removed.layout.disks[0]?.path).toBe('web01/web01.vmdk');
  expect(await io('read -P 7 0 2M')).not.toMatch(/verification failed/i);
  await eventually(async () => (await trouble()) === undefined);
  const names = await readdir(join(small, 'web01'));
  expect(names.filter((name) => name.includes('000001'))).toEqual([]);
});

/** Until no more than so many bytes are left. */
async function fill(leftBytes: number): Promise<void> {
  const ballast = join(small, 'ballast');
  const step = Buffer.alloc(4 * KIB);
  for (;;) {
    const { stdout } = await runTool('stat', ['-f', '-c', '%f %S', small]);
    const [blocks = 0, size = 0] = stdout.trim().split(' ').map(Number);
    if (blocks * size <= leftBytes) break;
    const bytes = Math.max(4 * KIB, Math.min(blocks * size - leftBytes, 512 * KIB));
    const isFull = await appendFile(ballast, bytes > step.length ? Buffer.alloc(bytes) : step).then(
      () => false,
      () => true,
    );
    if (isFull) break;
  }
  expect((await stat(ballast)).size).toBeGreaterThan(0);
}
