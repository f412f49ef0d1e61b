// Tests of datastores and of the files of new VMs, read back by qemu-img and the ext4 tools where
// installed.
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemRandom } from '#lib/base/system-random.ts';
import { MIB } from '#lib/model/limits.ts';
import type { VmRunSpec } from '#lib/wire/agent/host-rpc.ts';
import { createVmFiles } from './create-vm.ts';
import { Datastore } from './datastore.ts';
import { checkExtents, readDescriptor } from './descriptor-file.ts';

let root = '';
let store: Datastore;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'sluice-ds-'));
  store = new Datastore({
    id: 'datastore-1',
    name: 'ds',
    type: 'VMFS',
    path: join(root, 'ds'),
    options: {},
  });
  expect(await store.mount()).toMatchObject({ accessible: true, message: '' });
});

afterEach(() => rm(root, { recursive: true, force: true }));

function spec(): VmRunSpec {
  const disk = (key: number, unit: string, path: string) => ({
    key,
    unit,
    path,
    label: `Hard disk ${key - 1999}`,
    datastoreId: 'datastore-1',
    capacityBytes: 16 * MIB,
    filters: [],
  });
  return {
    vmId: 'vm-1',
    name: 'web "01"',
    instanceUuid: '7b1a7c46-9f6a-4c9e-9a55-0f7d3f9b1c11',
    cpuCount: 2,
    memoryMib: 1024,
    datastoreId: 'datastore-1',
    vmxPath: 'web01/web01.vmx',
    disks: [disk(2000, 'scsi0:0', 'web01/web01.vmdk'), disk(2001, 'scsi0:1', 'data/web01_1.vmdk')],
    nbdPort: 0,
  };
}

const contents = [
  {
    diskKey: 2000,
    fileSystem: 'ext4' as const,
    label: 'web01',
    files: [{ path: 'etc/motd', text: 'hello\n' }],
  },
];

function create(vm = spec()) {
  const resolve = (_: string, path: string) => store.resolve(path);
  return createVmFiles({ vm, contents, random: systemRandom, resolve });
}

test('makes a VM whose disks are whole and thin, and leaves it alone the second time', async () => {
  expect(await create()).toEqual([]);
  const path = await store.resolve('web01/web01.vmdk');
  await checkExtents(path, await readDescriptor(path));
  const flat = await stat(join(root, 'ds/data/web01_1-flat.vmdk'));
  expect(flat.size).toBe(16 * MIB);
  expect(flat.blocks).toBe(0);
  const vmx = await readFile(join(root, 'ds/web01/web01.vmx'), 'utf8');
  expect(vmx).toContain('displayName = "web |2201|22"');
  expect(vmx).toContain('scsi0:0.fileName = "web01.vmdk"');
  const before = await readFile(path, 'utf8');
  expect(await create()).toEqual([]);
  expect(await readFile(path, 'utf8')).toBe(before);
});

test('goes on where an attempt died between two directories', async () => {
  await create();
  await rm(join(root, 'ds/web01'), { recursive: true });
  await mkdir(join(root, 'ds/.new-7b1a7c46-9f6a-4c9e-9a55-0f7d3f9b1c11-web01'));
  expect(await create()).toEqual([]);
  expect(await readdir(join(root, 'ds'))).toEqual(['.datastore.json', 'data', 'web01']);
});

test('refuses to build on the files of another VM', async () => {
  await create();
  const other = { ...spec(), instanceUuid: '00000000-0000-4000-8000-000000000000' };
  await expect(create(other)).rejects.toMatchObject({ fault: 'AlreadyExists' });
  await rm(join(root, 'ds/web01/web01.vmx'));
  await expect(create()).rejects.toMatchObject({ fault: 'AlreadyExists' });
});

test('the disk holds the file system and its files', (context) => {
  if (!hasTool(context, 'debugfs')) return;
  return create().then(() => {
    const flat = join(root, 'ds/web01/web01-flat.vmdk');
    const text = execFileSync('/usr/sbin/debugfs', ['-R', 'cat /etc/motd', flat]).toString();
    expect(text).toBe('hello\n');
  });
});

test('qemu-img reads the descriptor', (context) => {
  if (!hasTool(context, 'qemu-img')) return;
  return create().then(() => {
    const path = join(root, 'ds/web01/web01.vmdk');
    const info = JSON.parse(execFileSync('qemu-img', ['info', '--output=json', path]).toString());
    expect(info).toMatchObject({ format: 'vmdk', 'virtual-size': 16 * MIB });
  });
});

test.each([
  '../x',
  '/etc/passwd',
  'a//b',
  'a/./b',
  'a/../b',
  '',
  'a\u0000b',
  'out/file',
  'dangling/x',
])('refuses the path %j', async (path) => {
  await symlink('/etc', join(root, 'ds/out'));
  await symlink('/nowhere', join(root, 'ds/dangling'));
  await expect(store.resolve(path)).rejects.toMatchObject({ fault: 'InvalidArgument' });
});

test('hosts that mount a new datastore at the same moment agree on it', async () => {
  const path = join(root, 'together');
  const hosts = Array.from({ length: 8 }, () => new Datastore({ ...store.config, path }));
  const statuses = await Promise.all(hosts.map((host) => host.mount()));
  expect(statuses.map(({ message }) => message)).toEqual(Array(8).fill(''));
});

test('a directory of someone else is not accessible as a datastore', async () => {
  const other = new Datastore({ ...store.config, id: 'datastore-2' });
  expect(await other.mount()).toMatchObject({
    accessible: false,
    message: expect.stringContaining('datastore-1'),
  });
  const foreign = join(root, 'foreign');
  await mkdir(foreign);
  await writeFile(join(foreign, 'thesis.txt'), 'x');
  const taken = new Datastore({ ...store.config, path: foreign });
  expect(await taken.mount()).toMatchObject({ accessible: false });
  await expect(taken.requireAccessible()).rejects.toMatchObject({ fault: 'InvalidDatastore' });
});

test('lying extents are refused', async () => {
  await create();
  const path = await store.resolve('web01/web01.vmdk');
  const text = await readFile(path, 'utf8');
  await writeFile(path, text.replace('RW 32768', 'RW 65536'));
  await expect(checkExtents(path, await readDescriptor(path))).rejects.toMatchObject({
    fault: 'InvalidDiskFormat',
  });
  await writeFile(path, 'nonsense');
  await expect(readDescriptor(path)).rejects.toMatchObject({ fault: 'InvalidDiskFormat' });
  await expect(readDescriptor(`${path}x`)).rejects.toMatchObject({ fault: 'FileNotFound' });
});

function hasTool(context: { skip(note: string): void }, name: string): boolean {
  try {
    execFileSync('/bin/sh', ['-c', `PATH=$PATH:/usr/sbin command -v ${name}`]);
    return true;
  } catch {
    if (process.env.CI) throw new Error(`${name} must be installed for the tests`);
    context.skip(`${name} is not installed`);
    return false;
  }
}
