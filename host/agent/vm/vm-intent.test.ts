// What a crash leaves of an operation that moves a VM's home: until the old .vmx says where it has
// gone nothing has happened, and afterwards whoever looks in the old place finds the new one.
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemRandom } from '#lib/base/system-random.ts';
import { MIB } from '#lib/model/limits.ts';
import type { VmRunSpec } from '#lib/wire/agent/host-rpc.ts';
import { commitFiles } from '../../datastore/commit-files.ts';
import { type SmallFiles, systemFiles } from '../../datastore/small-files.ts';
import { type DatastorePaths, movedVmx, readVmHome } from '../../datastore/vm-home.ts';
import { keepSpare } from '../../datastore/vmx/vmx-spare.ts';
import { createFlatDisk } from '../../disk/create-disk.ts';
import type { ObjectStore } from '../../disk/object-store.ts';
import { systemDiskFiles } from '../../disk/system-disk-files.ts';
import { testVm } from '../test-agents.ts';
import { type Intent, settleIntent } from './vm-intent.ts';

let folder = '';
let spec: VmRunSpec;
let intent: Intent;

const paths: DatastorePaths = {
  resolve: async (datastoreId, path) => join(folder, datastoreId, path),
  locate: async (full) => {
    const [datastoreId = '', ...path] = full.slice(folder.length + 1).split('/');
    return { datastoreId, path: path.join('/') };
  },
};

const never = (): never => {
  throw new Error('disks are files here');
};
const objects: ObjectStore = {
  ...{ open: never, create: never, grow: never, remove: never, allocatedBytes: never },
  newName: () => null,
};

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-intent-'));
  const made = testVm(1);
  spec = { ...made, datastoreId: 'old', vmxPath: 'web/web.vmx' };
  spec.disks = made.disks.map((disk) => ({ ...disk, datastoreId: 'old', path: 'web/web.vmdk' }));
  for (const home of ['old', 'new']) {
    await mkdir(join(folder, home, 'web'), { recursive: true });
    await createFlatDisk({
      ...{ descriptorPath: disk(home), capacityBytes: MIB, provisioning: 'thin' as const },
      ...{ files: systemDiskFiles, random: systemRandom },
    });
  }
  await writeFile(vmx('old'), vmxText('before', 'web.vmdk'));
  const text = vmxText('after', 'web.vmdk');
  const vmsd = { path: join(folder, 'new/web/web.vmsd'), text: '' };
  intent = {
    ...{ operationKey: 'key', mark: 'after', markBefore: 'before', answer: null },
    commit: {
      ...{ mark: 'after', vmxPath: vmx('old'), followUps: [] },
      vmx: movedVmx(vmxText('after', disk('new')), vmx('new')),
      preparations: [vmsd, { path: vmx('new'), text }],
    },
    ...{ created: [disk('new')], createdFiles: [vmsd.path, vmx('new')] },
    createdFolders: [join(folder, 'new/web')],
    ...{ obsolete: [disk('old')], obsoleteFiles: [vmx('old')], reparented: [], spec },
  };
});

afterEach(() => rm(folder, { recursive: true }));

const vmx = (home: string): string => join(folder, home, 'web/web.vmx');
const disk = (home: string): string => join(folder, home, 'web/web.vmdk');

function vmxText(mark: string, fileName: string): string {
  const present = `scsi0:0.present = "TRUE"\nscsi0:0.fileName = "${fileName}"\n`;
  return `${present}sluice.operation = "${mark}"\n`;
}

async function prepareOnly(): Promise<void> {
  for (const { path, text } of intent.commit.preparations ?? []) await writeFile(path, text);
}

test('a new home that nobody was told of is taken back', async () => {
  await prepareOnly();
  expect((await readVmHome(spec, paths)).layout.datastoreId).toBe('old');
  expect(await settleIntent(intent, objects)).toBe('undone');
  expect(await readdir(join(folder, 'new'))).toEqual([]);
  expect((await readVmHome(spec, paths)).mark).toBe('before');
});

test('who looks in the old home finds the new one, until it is tidied up', async () => {
  await commitFiles(intent.commit);
  const { layout, mark } = await readVmHome(spec, paths);
  expect(mark).toBe('after');
  expect(layout).toMatchObject({ datastoreId: 'new', vmxPath: 'web/web.vmx' });
  expect(layout.disks).toMatchObject([{ datastoreId: 'new', path: 'web/web.vmdk' }]);
  expect(await settleIntent(intent, objects)).toBe('done');
  expect(await readdir(join(folder, 'old'))).toEqual([]);
  // A crash right after that: the same again.
  expect(await settleIntent(intent, objects)).toBe('done');
  expect((await readdir(join(folder, 'new/web'))).toSorted()).toEqual([
    ...['web-flat.vmdk', 'web.vmdk', 'web.vmsd', 'web.vmx'],
  ]);
});

test('when another host has gone on from the old home nothing of it is deleted', async () => {
  await prepareOnly();
  await writeFile(vmx('old'), vmxText('of another', 'web.vmdk'));
  expect(await settleIntent(intent, objects)).toBe('overtaken');
  expect(await readFile(vmx('old'), 'utf8')).toContain('of another');
  expect(await readdir(join(folder, 'old/web'))).toContain('web-flat.vmdk');
});

test('a home moves away from a datastore that has no room for one more file', async () => {
  const full: SmallFiles = {
    ...systemFiles,
    async write(path, data, options) {
      if (!path.startsWith(join(folder, 'old'))) return systemFiles.write(path, data, options);
      await systemFiles.write(path, '', options);
      throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
    },
  };
  await expect(commitFiles(intent.commit, full)).rejects.toMatchObject({ fault: 'NoDiskSpace' });
  expect((await readVmHome(spec, paths)).mark).toBe('before');
  await keepSpare(vmx('old'));
  await commitFiles(intent.commit, full);
  expect((await readVmHome(spec, paths)).layout.datastoreId).toBe('new');
  expect(await readdir(join(folder, 'old/web'))).not.toContain('web.vmx~');
});
