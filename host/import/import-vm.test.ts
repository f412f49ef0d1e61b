// A real host makes a VM of images that qemu-img wrote: what is in them is on its disks, a kill in
// the middle is made good, and cancelled or refused it leaves nothing.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { sleep } from '#lib/base/clock.ts';
import { systemClock } from '#lib/base/system-clock.ts';
import { MIB } from '#lib/model/limits.ts';
import { cancelOperation } from '#lib/wire/agent/disk-rpc.ts';
import type { VmRunSpec } from '#lib/wire/agent/host-rpc.ts';
import { type ImageSource, importVm } from '#lib/wire/agent/import-rpc.ts';
import { type TestAgent, TestLab, testVm } from '../agent/test-agents.ts';
import { haveTools } from '../world/test-peers.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const tools = haveTools('qemu-img', 'qemu-io');
const CAPACITY = 16 * MIB;
const lab = new TestLab();
let host: TestAgent;
let server: Server;
let serverUrl = '';
/** While it is set, the second half of a file does not come. */
let stalling = false;
let stalled: ServerResponse | null = null;

beforeAll(async () => {
  await lab.openDepot();
  host = await lab.addHost(1);
  server = createServer((request, response) => {
    const bytes = readFileSync(join(lab.folder, (request.url ?? '').slice(1)));
    if (!stalling) return response.end(bytes);
    stalled = response;
    response.write(bytes.subarray(0, bytes.length / 2));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  serverUrl = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  makeImages();
});
afterAll(async () => {
  await lab.close();
  server.closeAllConnections();
  server.close();
});

/** The same disk in each format: 0x5a at 1 MiB, 0xa5 in its last 64 KiB. */
function makeImages(): void {
  if (!tools) return;
  const file = (name: string) => join(lab.folder, name);
  const run = (...args: string[]) => execFileSync('qemu-img', args, { stdio: 'ignore' });
  run('create', '-f', 'raw', file('disk.raw'), String(CAPACITY));
  const patterns = ['write -P 0x5a 1M 1M', `write -P 0xa5 ${CAPACITY - 65_536} 64k`];
  const commands = patterns.flatMap((pattern) => ['-c', pattern]);
  execFileSync('qemu-io', ['-f', 'raw', ...commands, file('disk.raw')], { stdio: 'ignore' });
  const from = ['convert', '-f', 'raw', file('disk.raw')];
  run(...from, '-O', 'qcow2', file('disk.qcow2'));
  run(...from, '-O', 'qcow2', '-c', file('packed.qcow2'));
  run(...from, '-O', 'vmdk', '-o', 'subformat=streamOptimized', file('stream.vmdk'));
  run(...from, '-O', 'vmdk', '-o', 'subformat=monolithicSparse', file('sparse.vmdk'));
  // Its header is good; its table of clusters points outside of the file.
  const broken = readFileSync(file('disk.qcow2'));
  broken.writeBigUInt64BE(2n ** 50n, 40);
  writeFileSync(file('broken.qcow2'), broken);
  // Cut off behind their tables: read as zeroes by whoever does not look.
  for (const [whole, cut] of [
    ['disk.qcow2', 'cut.qcow2'],
    ['sparse.vmdk', 'cut.vmdk'],
  ] as const) {
    const bytes = readFileSync(file(whole));
    writeFileSync(file(cut), bytes.subarray(0, bytes.length - 100_000));
  }
  // A parent is named where qemu looks for it, before the descriptor that the header names.
  const sly = readFileSync(file('sparse.vmdk'));
  const clean = sly.toString('latin1', 512, 6 * 512);
  const parent = 'parentCID=12345678\nparentFileNameHint="/etc/hostname"';
  sly.write(clean.replace(/parentCID=f{8}/i, parent).slice(0, 10 * 512), 512, 'latin1');
  sly.write(clean, 11 * 512, 'latin1');
  sly.writeBigUInt64LE(11n, 28);
  sly.writeBigUInt64LE(10n, 36);
  writeFileSync(file('sly.vmdk'), sly);
}

function sourceOf(name: string, diskKey: number, format: ImageSource['format']): ImageSource {
  const bytes = readFileSync(join(lab.folder, name));
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { diskKey, url: `${serverUrl}/${name}`, sizeBytes: bytes.length, sha256, format };
}

function specOf(number: number, disks: number): VmRunSpec {
  const vm = testVm(number);
  const [first] = vm.disks;
  if (!first) throw new Error('a test VM has a disk');
  return {
    ...vm,
    disks: Array.from({ length: disks }, (_, index) => ({
      ...first,
      ...{ key: 2000 + index, unit: `scsi0:${index}`, label: `Hard disk ${index + 1}` },
      ...{ capacityBytes: CAPACITY, path: first.path.replace('.vmdk', `_${index}.vmdk`) },
    })),
  };
}

const datastore = join(lab.folder, 'ds1');
const left = (): string[] =>
  readdirSync(datastore).filter((name) => name.startsWith('.new-') || name.startsWith('.image-'));

function expectWhole(vm: VmRunSpec): void {
  const original = readFileSync(join(lab.folder, 'disk.raw'));
  for (const { path } of vm.disks) {
    const flat = readFileSync(join(datastore, path.replace('.vmdk', '-flat.vmdk')));
    expect(flat.equals(original)).toBe(true);
  }
  expect(left()).toEqual([]);
}

test.skipIf(!tools)('raw, qcow2 and both sparse VMDKs become disks of one VM', async () => {
  const vm = specOf(1, 5);
  const sources = [
    sourceOf('disk.raw', 2000, 'raw'),
    sourceOf('disk.qcow2', 2001, 'qcow2'),
    sourceOf('packed.qcow2', 2002, 'qcow2'),
    sourceOf('stream.vmdk', 2003, 'vmdk'),
    sourceOf('sparse.vmdk', 2004, 'vmdk'),
  ];
  expect(await host.keyed(importVm, { vm, sources })).toEqual({ warnings: [] });
  expectWhole(vm);
});

test.skipIf(!tools)(
  'a host that is killed in the middle does it anew when asked again',
  async () => {
    const vm = specOf(2, 1);
    const input = { operationKey: 'killed', vm, sources: [sourceOf('disk.qcow2', 2000, 'qcow2')] };
    stalling = true;
    const cut = expect(host.call(importVm, input)).rejects.toThrow();
    while (stalled === null) await sleep(systemClock, 20);
    expect(left()).toHaveLength(1);
    await host.end('SIGKILL');
    await cut;
    stalling = false;
    stalled = null;
    await host.start();
    expect(await host.call(importVm, input)).toEqual({ warnings: [] });
    expectWhole(vm);
  },
);

test.skipIf(!tools)('cancelled it leaves nothing', async () => {
  const vm = specOf(3, 1);
  const input = { operationKey: 'stopped', vm, sources: [sourceOf('disk.raw', 2000, 'raw')] };
  stalling = true;
  const refused = expect(host.call(importVm, input)).rejects.toMatchObject({
    fault: 'RequestCanceled',
  });
  while (stalled === null) await sleep(systemClock, 20);
  await host.call(cancelOperation, { operationKey: 'stopped' });
  await refused;
  stalling = false;
  stalled = null;
  expect(left()).toEqual([]);
  expect(existsSync(join(datastore, vm.vmxPath))).toBe(false);
});

const REFUSED: [string, ImageSource['format'], RegExp][] = [
  ['broken.qcow2', 'qcow2', /damaged or was cut off/],
  ['cut.qcow2', 'qcow2', /damaged or was cut off/],
  ['cut.vmdk', 'vmdk', /damaged or was cut off/],
  ['sly.vmdk', 'vmdk', /backing file/],
  ['disk.qcow2', 'vmdk', /not what was announced/],
];

test.skipIf(!tools).each(REFUSED)('%s as %s is refused and leaves nothing', async (...row) => {
  const [name, format, message] = row;
  const vm = specOf(4, 1);
  const refusing = host.keyed(importVm, { vm, sources: [sourceOf(name, 2000, format)] });
  await expect(refusing).rejects.toMatchObject({
    ...{ fault: 'InvalidDiskFormat', message: expect.stringMatching(message) },
  });
  expect(left()).toEqual([]);
  expect(existsSync(join(datastore, vm.vmxPath))).toBe(false);
});

test.skipIf(!tools)('bytes that are not those announced are refused', async () => {
  const source = { ...sourceOf('disk.raw', 2000, 'raw'), sha256: '0'.repeat(64) };
  const refusing = host.keyed(importVm, { vm: specOf(5, 1), sources: [source] });
  await expect(refusing).rejects.toMatchObject({ fault: 'FileFault' });
  expect(left()).toEqual([]);
});
