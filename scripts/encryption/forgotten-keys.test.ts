// What a host and a VM's process still have of keys in their memory when they need them no more:
// the memory itself is looked at, of a process with an open encrypted disk, of the same one when
// the disk was detached, and of the host's agent when the VM is off.
import { createDecipheriv, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { eventually, type TestAgent, TestLab, testVm } from '#host/agent/test-agents.ts';
import { haveTools, mustRun } from '#host/world/test-peers.ts';
import { systemRandom } from '#lib/base/system-random.ts';
import { seal } from '#lib/formats/sealed-box/sealed-box.ts';
import type { DiskFilter } from '#lib/model/filter.ts';
import * as diskCalls from '#lib/wire/agent/disk-rpc.ts';
import * as calls from '#lib/wire/agent/host-rpc.ts';
import { encodeKeys } from '#lib/wire/agent/key-bytes.ts';
import { putKeys, readFilterProgress, readKeyBox } from '#lib/wire/agent/key-rpc.ts';
import { type Secret, secretsIn } from './process-memory.ts';

// Real processes on a busy machine: the limits only end what hangs.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 180_000 });

const ready = haveTools('qemu-io', 'pgrep') && process.platform === 'linux';
const KEYED = 2001;
const key = { provider: 'native', keyId: 'key-1', value: randomBytes(32) };
const lab = new TestLab();
let host: TestAgent;

beforeAll(async () => {
  await lab.openDepot();
  host = await lab.addHost(1);
  await host.keyed(calls.installVib, lab.vib('encryption'));
});
afterAll(() => lab.close());

/** As the controller does before each call that names the VM. */
async function give(): Promise<void> {
  const { publicKey } = await host.call(readKeyBox, {});
  const parts = { purpose: 'vm-1', publicKey, random: systemRandom };
  await host.call(putKeys, { vmId: 'vm-1', sealed: seal({ bytes: encodeKeys([key]), ...parts }) });
}

/** One disk in clear text, and an encrypted one. */
function encryptedVm(generation: number): calls.VmRunSpec {
  const vm = testVm(1);
  const named = { keyProvider: key.provider, keyId: key.keyId, generation, decrypt: false };
  const filter: DiskFilter = { name: 'encryption', class: 'encryption', properties: named };
  const second = { key: KEYED, unit: 'scsi0:1', path: 'web01/web01_1.vmdk', filters: [filter] };
  return { ...vm, disks: vm.disks.flatMap((disk) => [disk, { ...disk, ...second }]) };
}

async function settled(): Promise<void> {
  await eventually(async () => {
    const { progress } = await host.call(readFilterProgress, { vmId: 'vm-1', diskKey: KEYED });
    return progress[0]?.done;
  });
}

function dataKey(): Buffer {
  const sidecar = readFileSync(join(lab.folder, 'ds1/web01/web01_1-encryption.vmfd'), 'latin1');
  const wrapped = Buffer.from(/"wrapped":"([0-9a-f]+)"/.exec(sidecar)?.[1] ?? '', 'hex');
  const unwrap = createDecipheriv('id-aes256-wrap', key.value, Buffer.alloc(8, 0xa6));
  return unwrap.update(wrapped);
}

/** A data key is two keys: one for the data, one for the numbers of the sectors. */
function halves(name: string, bytes: Buffer): Secret[] {
  return [
    { name: `${name}, first half`, bytes: bytes.subarray(0, 32) },
    { name: `${name}, second half`, bytes: bytes.subarray(32) },
  ];
}

test.skipIf(!ready)('keys leave the memory with the disk, and with the VM', async () => {
  let vm = encryptedVm(1);
  await host.keyed(calls.createVm, { vm, contents: [] });
  await give();
  const { nbdSocketPath } = await host.keyed(calls.powerOnVm, { vm });
  const uri = `nbd+unix:///scsi0:1?socket=${nbdSocketPath}`;
  const io = ['-c', 'write -P 7 0 4M', '-c', 'flush', '-c', 'read -P 7 0 4M'];
  await mustRun('qemu-io', ['-f', 'raw', ...io, uri]);
  await settled();
  const first = halves('the first data key', dataKey());
  vm = encryptedVm(2);
  const [filter] = vm.disks[1]?.filters ?? [];
  await give();
  await host.keyed(calls.setDiskFilters, {
    ...{ vm, diskKey: KEYED },
    filters: filter ? [filter] : [],
  });
  await settled();
  const second = halves('the second data key', dataKey());
  const wrapping = { name: 'the wrapping key', bytes: key.value };
  const all = [...first, ...second, wrapping];

  const pid = (await host.world('vm-1'))?.pid ?? 0;
  // What is in use is found: else the rest would prove nothing.
  expect(await secretsIn(pid, all)).toEqual([...second, wrapping].map(({ name }) => name).sort());
  const agent = Number(await mustRun('pgrep', ['-f', `agent-main.ts .*${lab.folder}/esx01`]));
  expect(await secretsIn(agent, all)).toEqual([wrapping.name]);

  await give();
  await host.keyed(diskCalls.detachDisk, { vm, diskKey: KEYED, deleteFiles: false });
  expect((await host.world('vm-1'))?.pid).toBe(pid);
  expect(await secretsIn(pid, all)).toEqual([]);
  await host.keyed(calls.powerOffVm, { vmId: 'vm-1' });
  expect(await secretsIn(agent, all)).toEqual([]);
});
