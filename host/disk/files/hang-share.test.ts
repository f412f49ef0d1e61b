// Tests of what waits for storage that hangs: few calls at a time, and no write that is allowed no
// more when its turn comes.
import { open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { NBD_ERRORS } from '#lib/formats/nbd/errno.ts';
import { FdFile } from './fd-file.ts';
import { HangShare, hangShareOf } from './hang-share.ts';

test('a call waits while three are under way', () => {
  const share = new HangShare();
  const ends: (() => void)[] = [];
  let started = 0;
  for (let call = 0; call < 5; call++) {
    share.run((end) => {
      started += 1;
      ends.push(end);
    });
  }
  expect(started).toBe(3);
  ends[1]?.();
  expect(started).toBe(4);
  ends[0]?.();
  expect(started).toBe(5);
});

test('a write that has waited is not done when the disk is another host’s by then', async () => {
  const path = join(tmpdir(), `sluice-hang-${process.pid}`);
  await writeFile(path, 'old');
  const handle = await open(path, 'r+');
  const share = new HangShare();
  const ends: (() => void)[] = [];
  for (let call = 0; call < 3; call++) share.run((end) => ends.push(end));
  let held = true;
  const file = new FdFile(path, handle.fd, 3, share);
  const transfer = { buffer: Buffer.from('new'), start: 0, length: 3, position: 0 };
  const wrote = new Promise((done) => file.writeLater({ ...transfer, mayStart: () => held }, done));
  held = false;
  ends[0]?.();
  expect(await wrote).toBe(NBD_ERRORS.ESHUTDOWN);
  expect(await readFile(path, 'utf8')).toBe('old');
  held = true;
  const again = new Promise((done) => file.writeLater({ ...transfer, mayStart: () => held }, done));
  expect(await again).toBe(0);
  expect(await readFile(path, 'utf8')).toBe('new');
  await handle.close();
  await rm(path);
});

test('what lies on the file system of temporary files does not hang', async () => {
  expect(await hangShareOf(tmpdir(), 1)).toBeNull();
});
