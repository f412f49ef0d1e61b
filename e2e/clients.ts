// Real NBD clients against a disk's address: qemu-io, qemu-img, nbdinfo, fio. A client that is
// missing skips the test, except in CI.
import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';
import { test } from '@playwright/test';

const run = promisify(execFile);

/** Skips the test when one of the tools is not installed; in CI that is a failure. */
export function needTools(...tools: string[]): void {
  const missing = tools.filter((tool) => spawnSync('which', [tool]).status !== 0);
  if (missing.length === 0) return;
  const text = `not installed: ${missing.join(', ')}`;
  if (process.env.CI) throw new Error(text);
  test.skip(true, text);
}

export async function qemuIo(uri: string, ...commands: string[]): Promise<string> {
  const args = ['-f', 'raw', ...commands.flatMap((command) => ['-c', command]), uri];
  const { stdout } = await run('qemu-io', args);
  return stdout;
}

/** A command on the files of a disk that no process has open, or that is only read. */
export async function readFileWithQemu(file: string, command: string): Promise<string> {
  const { stdout } = await run('qemu-io', ['-r', '-U', '-f', 'vmdk', '-c', command, file]);
  return stdout;
}

export async function nbdInfo(uri: string): Promise<string> {
  return (await run('nbdinfo', [uri])).stdout;
}

export async function qemuImgInfo(file: string): Promise<string> {
  // The virtual machine is powered on: share the file instead of locking it.
  return (await run('qemu-img', ['info', '--force-share', file])).stdout;
}

/** fio in the background; `ended` resolves with its exit code and what it wrote. */
export interface FioRun {
  process: ChildProcess;
  ended: Promise<{ code: number | null; output: string }>;
}

/** Random 4 KiB writes that fio reads back and verifies, in the area given, for so many seconds. */
export function startFio(uri: string, seconds: number): FioRun {
  const child = spawn('fio', [
    '--name=sluice',
    '--ioengine=nbd',
    `--uri=${uri}`,
    '--rw=randrw',
    '--bs=4k',
    '--iodepth=8',
    '--size=64M',
    '--time_based',
    `--runtime=${seconds}`,
    '--verify=crc32c',
    '--verify_fatal=1',
    '--output-format=normal',
  ]);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  const ended = new Promise<{ code: number | null; output: string }>((resolve) => {
    child.on('close', (code) => resolve({ code, output }));
  });
  return { process: child, ended };
}
