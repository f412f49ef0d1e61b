// Tests of the spare of a .vmx: whenever its host is killed or its datastore full, no file is left
// but the .vmx and the spare, and half of a spare is made whole.
import { mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { type SmallFiles, systemFiles } from '../small-files.ts';
import { keepSpare, replaceVmx, spareFor, sparePathOf } from './vmx-spare.ts';

const VMX = 'displayName = "web"\n';
const folders: string[] = [];
let folder = '';
let vmx = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-spare-'));
  folders.push(folder);
  vmx = join(folder, 'web.vmx');
  await writeFile(vmx, VMX);
});

afterAll(() => Promise.all(folders.map((each) => rm(each, { recursive: true }))));

async function spareBytes(): Promise<number> {
  return (await stat(sparePathOf(vmx))).size;
}

test('a kill while it is first written leaves nothing of another name', async () => {
  const names = new Set<string>();
  const watched: SmallFiles = {
    ...systemFiles,
    async write(path, data, options) {
      await systemFiles.write(path, '', options);
      for (const name of await readdir(folder)) names.add(name);
      await systemFiles.write(path, data, options);
    },
  };
  await keepSpare(vmx, watched);
  expect([...names].toSorted()).toEqual(['web.vmx', 'web.vmx~']);
});

test('half of one is made whole', async () => {
  await keepSpare(vmx);
  const whole = await spareBytes();
  for (const left of [0, 4096]) {
    await truncate(sparePathOf(vmx), left);
    await keepSpare(vmx);
    expect(await spareBytes()).toBe(whole);
  }
  expect(whole).toBe(spareFor(VMX).length);
});

test('a full datastore keeps nothing of a new one, and all of the one that it has', async () => {
  const noSpace = () => Promise.reject(Object.assign(new Error('no space'), { code: 'ENOSPC' }));
  const full: SmallFiles = { ...systemFiles, write: noSpace, overwrite: noSpace };
  await keepSpare(vmx, full);
  expect(await readdir(folder)).toEqual(['web.vmx']);
  await keepSpare(vmx);
  await truncate(sparePathOf(vmx), 4096);
  await keepSpare(vmx, full);
  expect(await spareBytes()).toBe(4096);
  await replaceVmx(vmx, 'displayName = "mail"\n', { ...systemFiles, write: noSpace });
  expect((await readFile(vmx, 'utf8')).trim()).toBe('displayName = "mail"');
  expect(await readdir(folder)).toEqual(['web.vmx']);
});
