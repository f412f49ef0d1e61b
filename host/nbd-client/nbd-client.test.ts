// Tests of the NBD client against nbdkit, qemu-nbd and a server that is killed, and of its parser
// against replies cut anywhere.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sleep } from '#lib/base/clock.ts';
import { systemClock } from '#lib/base/system-clock.ts';
import { COMMANDS, STATE_ZERO } from '#lib/formats/nbd/constants.ts';
import { writeSimpleReply, writeStatusChunk } from '#lib/formats/nbd/transmission.ts';
import { KIB, MIB } from '#lib/model/limits.ts';
import { FLUSH, TRIM, WRITE_ZEROES } from '../chain/chain-io.ts';
import { readBytes, runIo, writeBytes } from './backing-io.ts';
import { formatNbdUri, parseNbdUri } from './nbd-address.ts';
import { NbdBacking, type NbdState } from './nbd-backing.ts';
import { ReplyParser } from './reply-parser.ts';
import { WireTask } from './wire-task.ts';

let folder = '';
let socket = '';
let image = '';
const children: ChildProcess[] = [];
const backings: NbdBacking[] = [];
const states: NbdState[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-nbdc-'));
  socket = join(folder, 's');
  image = join(folder, 'image');
  await writeFile(image, '');
  await truncate(image, 16 * MIB);
  states.length = 0;
});

afterEach(async () => {
  for (const backing of backings.splice(0)) backing.close();
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

const nbdkit = (...more: string[]): string[] => ['nbdkit', '-f', '-U', socket, ...more];
const qemu = (): string[] => ['qemu-nbd', '-k', socket, '-f', 'raw', '-t', '-x', 'disk', image];

/** Starts a server and waits for its socket; null when it is not installed. */
async function serve(command: string[]): Promise<ChildProcess | null> {
  const [file = '', ...args] = command;
  const missing = spawnSync(file, ['--version']).error !== undefined;
  expect(missing && process.env.CI !== undefined, `${file} must be installed in CI`).toBe(false);
  if (missing) return null;
  await rm(socket, { force: true });
  const child = spawn(file, args, { stdio: 'ignore' });
  children.push(child);
  while ((await stat(socket).catch(() => null)) === null) await sleep(systemClock, 10);
  return child;
}

async function open(exportName = '', waitMs = 20_000): Promise<NbdBacking> {
  const backing = await NbdBacking.open({
    locate: async () => ({ place: { path: socket }, exportName }),
    clock: systemClock,
    waitMs,
    answerMs: 30_000,
    onState: (state) => states.push(state),
  });
  backings.push(backing);
  return backing;
}

/** Many overlapping lifetimes, and all that the protocol has. */
async function exercise(backing: NbdBacking): Promise<void> {
  expect(backing.sizeBytes).toBe(16 * MIB);
  const model = Buffer.alloc(16 * MIB);
  const writes: Promise<number>[] = [];
  for (let index = 0; index < 200; index++) {
    const length = index % 40 === 0 ? 2 * MIB : 4 * KIB;
    const offset = ((index * 37) % 60) * 64 * KIB;
    const data = Buffer.alloc(length, index + 1);
    data.copy(model, offset);
    // Those that overlap must not be under way together.
    if (index % 40 === 0 || index % 60 === 59) await Promise.all(writes.splice(0));
    writes.push(writeBytes(backing, { offset, data, fua: index % 9 === 0 }));
    if (index % 40 === 0) await Promise.all(writes.splice(0));
  }
  expect(await Promise.all(writes)).not.toContain(5);
  const zeroed = { code: WRITE_ZEROES, offset: 1 * MIB, length: 512 * KIB } as const;
  expect(await runIo(backing, zeroed)).toBe(0);
  model.fill(0, 1 * MIB, 1.5 * MIB);
  expect(await runIo(backing, { code: FLUSH, offset: 0, length: 0 })).toBe(0);
  expect((await readBytes(backing, 0, 16 * MIB)).equals(model)).toBe(true);
  expect(await runIo(backing, { code: TRIM, offset: 8 * MIB, length: 1 * MIB })).toBe(0);
  expect(await backing.flush()).toBe(0);
}

test('works with nbdkit', async () => {
  if (!(await serve(nbdkit('file', image)))) return;
  const backing = await open();
  const status = await backing.blockStatus(0, 16 * MIB);
  expect(Array.isArray(status) && status[0]?.flags).toBe(3);
  await exercise(backing);
});

test('works with an nbdkit that offers nothing', async () => {
  const filters = ['--filter=nozero', '--filter=noextents', '--filter=nocache'];
  if (!(await serve(nbdkit(...filters, 'file', image, 'zeromode=none')))) return;
  await exercise(await open());
});

test('works with qemu-nbd', async () => {
  if (!(await serve(qemu()))) return;
  await exercise(await open('disk'));
});

test('refuses an export that is read only, and one that is not there', async () => {
  if (!(await serve(nbdkit('-r', 'file', image)))) return;
  await expect(open()).rejects.toMatchObject({ fault: 'CannotOpenDisk' });
  children[0]?.kill();
  await serve(qemu());
  await expect(open('another')).rejects.toMatchObject({
    message: expect.stringContaining('refuses the export'),
  });
});

test('sends again what a killed server left without an answer', async () => {
  const slow = ['--filter=delay', 'file', image, 'wdelay=300ms'];
  const first = await serve(nbdkit(...slow));
  if (!first) return;
  const backing = await open();
  const writes = Array.from({ length: 32 }, (_, index) =>
    writeBytes(backing, { offset: index * 4096, data: Buffer.alloc(4096, index + 1) }),
  );
  await sleep(systemClock, 100);
  first.kill('SIGKILL');
  await serve(nbdkit(...slow));
  expect(await Promise.all(writes)).toEqual(writes.map(() => 0));
  const read = await readBytes(backing, 0, 32 * 4096);
  expect(read.every((byte, index) => byte === Math.floor(index / 4096) + 1)).toBe(true);
  expect(states).toEqual(['waiting', 'connected']);
}, 30_000);

test('fails I/O when the server stays away, and serves when it comes back', async () => {
  const first = await serve(nbdkit('file', image));
  if (!first) return;
  const backing = await open('', 300);
  first.kill('SIGKILL');
  await expect(readBytes(backing, 0, 4096)).rejects.toThrow('EIO');
  expect(states).toEqual(['waiting', 'lost']);
  await serve(nbdkit('file', image));
  while (backing.state !== 'connected') await sleep(systemClock, 20);
  expect(await readBytes(backing, 0, 4096)).toHaveLength(4096);
}, 30_000);

test('reads replies however they are cut', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 90 })), fc.uint8Array(), (cuts, bytes) => {
      const ended: string[] = [];
      const owner = { taskDone: () => undefined };
      const tasks = [new WireTask(owner), new WireTask(owner), new WireTask(owner)];
      const [read, status, failing] = tasks;
      if (!read || !status || !failing || bytes.length === 0) return;
      Object.assign(read, { length: bytes.length, buffer: Buffer.alloc(bytes.length) });
      status.command = COMMANDS.blockStatus;
      const parser = new ReplyParser({
        find: (_, low) => tasks[low] ?? null,
        ended: (low, task) => ended.push(`${low}:${task.error}`),
      });
      const stream = replies(bytes);
      for (let at = 0, turn = 0; at < stream.length; turn++) {
        const end = at + (cuts[turn] ?? stream.length);
        parser.take(stream.subarray(at, end));
        at = end;
      }
      expect(ended).toEqual(['0:0', '1:0', '2:28']);
      expect(read.buffer.equals(bytes)).toBe(true);
      expect(status.extents).toEqual([{ length: 77, flags: STATE_ZERO }]);
    }),
  );
});

/** A read in two chunks, a block status, a simple error. */
function replies(bytes: Uint8Array): Buffer {
  const half = Math.ceil(bytes.length / 2);
  const parts = [dataChunk(0, bytes.subarray(0, half), half === bytes.length)];
  if (half < bytes.length) parts.push(dataChunk(half, bytes.subarray(half), true));
  const status = Buffer.alloc(32);
  const view = new DataView(status.buffer, status.byteOffset, status.length);
  writeStatusChunk(view, { cookieHigh: 0, cookieLow: 1 }, 1, [{ length: 77, flags: 2 }]);
  const failed = Buffer.alloc(16);
  const failedView = new DataView(failed.buffer, failed.byteOffset, failed.length);
  writeSimpleReply(failedView, 0, 28, { cookieHigh: 0, cookieLow: 2 });
  return Buffer.concat([...parts, status, failed]);
}

function dataChunk(offset: number, data: Uint8Array, last: boolean): Buffer {
  const head = Buffer.alloc(28);
  head.writeUInt32BE(0x668e33ef, 0);
  head.writeUInt16BE(last ? 1 : 0, 4);
  head.writeUInt16BE(1, 6);
  head.writeUInt32BE(8 + data.length, 16);
  head.writeUInt32BE(offset, 24);
  return Buffer.concat([head, data]);
}

test('ends the connection over a read that brings too little', () => {
  const task = new WireTask({ taskDone: () => undefined });
  Object.assign(task, { length: 10, buffer: Buffer.alloc(10) });
  const parser = new ReplyParser({ find: () => task, ended: () => undefined });
  expect(() => parser.take(dataChunk(0, Buffer.alloc(5), true))).toThrow('a part of a read');
});

test('reads addresses and refuses what is none', () => {
  for (const uri of ['nbd://127.0.0.1:10809/disk%201', 'nbd+unix:///x?socket=%2Frun%2Fs']) {
    expect(formatNbdUri(parseNbdUri(uri))).toBe(uri);
  }
  expect(parseNbdUri('nbd://[::1]/').place).toEqual({ host: '::1', port: 10809 });
  for (const bad of ['', 'http://a/', 'nbd+unix:///x', 'nbd+unix:///x?socket=../s', 'nbd:///x']) {
    expect(() => parseNbdUri(bad)).toThrow('refused');
  }
});
