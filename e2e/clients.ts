// Real NBD clients against a disk's address: qemu-io, qemu-img, nbdinfo, fio. A client that is
// missing skips the test, except in CI.
import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from '@playwright/test';

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

/** fio in the background, until it is told to stop. */
export interface FioRun {
  /** Ends it, and fails unless it worked until now and found nothing wrong. */
  endWell: () => Promise<void>;
}

const running = new Set<ChildProcess>();

/** After each test: what a failed one has left behind would be in the way of the next. */
export function stopClients(): void {
  for (const child of running) child.kill('SIGKILL');
}

/** Longer than any test. */
const FIO_SECONDS = 600;
/** What fio exits with when it is interrupted. */
const INTERRUPTED = 128;

/**
 * Random reads and 4 KiB writes in the first 64 MiB, at depth 8. What was written is read back and
 * verified all along, a few hundred writes later.
 */
export function startFio(uri: string): FioRun {
  const child = spawn('fio', [
    '--name=sluice',
    '--ioengine=nbd',
    `--uri=${uri}`,
    '--rw=randrw',
    '--bs=4k',
    '--iodepth=8',
    '--size=64M',
    '--time_based',
    `--runtime=${FIO_SECONDS}`,
    '--verify=crc32c',
    '--verify_backlog=256',
    '--verify_fatal=1',
    '--output-format=normal',
  ]);
  running.add(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  const ended = new Promise<number | null>((resolve) => {
    child.on('close', (code) => {
      running.delete(child);
      resolve(code);
    });
  });
  return {
    async endWell() {
      expect(child.exitCode, output).toBeNull();
      child.kill('SIGINT');
      expect(await ended, output).toBe(INTERRUPTED);
      expect(output).toMatch(/err= 0/);
    },
  };
}
