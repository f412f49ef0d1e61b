// Snapshots of real VMs under real clients: fio verifies every block while snapshots come and go,
// and qemu-img accepts every chain.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import * as diskCalls from '#lib/wire/agent/disk-rpc.ts';
import * as calls from '#lib/wire/agent/host-rpc.ts';
import { haveTools, runTool } from '../../../world/test-peers.ts';
import { type TestAgent, TestLab, testVm } from '../../test-agents.ts';

// Real processes on a busy machine: the limits only end what hangs.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 180_000 });

const lab = new TestLab();
let esx01: TestAgent;

beforeAll(async () => {
  await lab.openDepot();
  esx01 = await lab.addHost(1);
});

afterAll(() => lab.close());

async function poweredOn(number: number) {
  const vm = testVm(number);
  await esx01.keyed(calls.createVm, { vm, contents: [] });
  const { nbdSocketPath } = await esx01.keyed(calls.powerOnVm, { vm });
  return { vm, uri: `nbd+unix:///scsi0:0?socket=${nbdSocketPath}` };
}

function files(vm: calls.VmRunSpec): string[] {
  return readdirSync(join(lab.folder, 'ds1', vm.name))
    .filter((name) => !name.endsWith('.lck'))
    .sort();
}

function withLayout(vm: calls.VmRunSpec, { disks }: diskCalls.VmLayout): calls.VmRunSpec {
  return { ...vm, disks };
}

const snapshotArgs = { name: 'before the upgrade', description: '', quiesce: false };

test.skipIf(!haveTools('fio', 'qemu-img'))(
  'fio verifies while snapshots are taken and removed',
  async () => {
    const { vm, uri } = await poweredOn(1);
    let running = true;
    const args = ['--name=v', '--ioengine=nbd', `--uri=${uri}`, '--rw=randrw', '--iodepth=16'];
    const sizes = ['--bsrange=512-128k', '--blockalign=512', '--size=64m', '--loops=2'];
    const fio = runTool('fio', [...args, ...sizes, '--verify=crc32c', '--verify_fatal=1'], {
      cwd: lab.folder,
      timeoutMs: 240_000,
    }).finally(() => {
      running = false;
    });
    let spec = vm;
    let rounds = 0;
    for (; running; rounds++) {
      const first = await esx01.keyed(diskCalls.createSnapshot, { vm: spec, ...snapshotArgs });
      spec = withLayout(spec, first.layout);
      const second = await esx01.keyed(diskCalls.createSnapshot, { vm: spec, ...snapshotArgs });
      spec = withLayout(spec, second.layout);
      expect(second.layout.snapshots.length).toBe(2);
      const order = rounds % 2 === 0 ? [first, second] : [second, first];
      for (const { snapshotId } of order) {
        const input = { vm: spec, snapshotId, removeChildren: false };
        const { layout } = await esx01.keyed(diskCalls.removeSnapshot, input);
        spec = withLayout(spec, layout);
      }
      expect(spec.disks[0]?.path).toBe('web01/web01.vmdk');
    }
    const { code, stderr } = await fio;
    expect(stderr).not.toMatch(/verify|error/i);
    expect(code).toBe(0);
    expect(rounds).toBeGreaterThan(0);
    await esx01.keyed(calls.powerOffVm, { vmId: vm.vmId });
    expect(files(vm)).toEqual([
      'web01-flat.vmdk',
      'web01.vmdk',
      'web01.vmsd',
      'web01.vmx',
      'web01.vmx~',
    ]);
  },
);
