// Files of the server that may be imported: what lies below the named folders, and nothing that a
// path or a link would reach beyond them.
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listServerFiles, makeImportFolders, openServerFile } from './server-files.ts';

let folder: string;
let folders: string[];
const at = (...names: string[]) => path.join(folder, ...names);

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'sluice-server-files-'));
  folders = makeImportFolders(at('data'), at('nas', 'images'));
  await mkdir(at('nas', 'images', 'vm1'), { recursive: true });
  await writeFile(at('data', 'import', 'a.qcow2'), 'one');
  await writeFile(at('nas', 'images', 'vm1', 'vm1.vmx'), 'two');
  await writeFile(at('nas', 'images', 'notes.txt'), 'three');
  await writeFile(at('nas', 'secret.raw'), 'four');
  await symlink(at('nas', 'secret.raw'), at('nas', 'images', 'link.raw'));
  await symlink(at('nas'), at('nas', 'images', 'up'));
  execFileSync('mkfifo', [at('nas', 'images', 'pipe.raw')]);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('lists images of the folders and what is below, but follows no link', async () => {
  const listed = await listServerFiles(folders);
  expect(listed).toEqual({
    folders: [at('data', 'import'), at('nas', 'images')],
    files: [
      { path: at('data', 'import', 'a.qcow2'), sizeBytes: 3 },
      { path: at('nas', 'images', 'vm1', 'vm1.vmx'), sizeBytes: 3 },
    ],
    isComplete: true,
  });
});

test('a folder that is not there is passed over', async () => {
  const { folders: found } = await listServerFiles([at('gone')]);
  expect(found).toEqual([]);
});

test('reads a file by its path', async () => {
  const { fileName, bytes } = await openServerFile(folders, at('nas', 'images', 'vm1', 'vm1.vmx'));
  expect(fileName).toBe('vm1.vmx');
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  expect(Buffer.concat(chunks).toString()).toBe('two');
});

test.each([
  ['a file beside the folder', ['nas', 'secret.raw'], 'InvalidArgument'],
  ['a link that leads out of it', ['nas', 'images', 'link.raw'], 'InvalidArgument'],
  ['a folder linked into it', ['nas', 'images', 'up', 'secret.raw'], 'InvalidArgument'],
  ['the folder itself', ['nas', 'images'], 'InvalidArgument'],
  ['a pipe', ['nas', 'images', 'pipe.raw'], 'InvalidArgument'],
  ['a file that is not there', ['nas', 'images', 'gone.raw'], 'NotFound'],
  ['one that is not there, elsewhere', ['nas', 'gone.raw'], 'InvalidArgument'],
  ['a file of a file', ['data', 'import', 'a.qcow2', 'x'], 'NotFound'],
])('%s is refused', async (_name, names, fault) => {
  await expect(openServerFile(folders, at(...names))).rejects.toMatchObject({ fault });
});

test('dots do not lead out of it', async () => {
  const wanted = `${at('nas', 'images')}/../secret.raw`;
  await expect(openServerFile(folders, wanted)).rejects.toMatchObject({ fault: 'InvalidArgument' });
});
