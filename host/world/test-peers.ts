// For tests and the bench: runs other people's programs (nbdinfo, fio, qemu-io, …) against our
// server, and says politely when one is missing.
import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { assert } from '#lib/base/assert.ts';

const EXTRA_PATH = ['/usr/sbin', '/sbin'];

/**
 * Where a program is; null when it is not installed. Throws under CI, where a missing peer is a
 * failure.
 */
export function findTool(name: string): string | null {
  const directories = [...(process.env.PATH ?? '').split(delimiter), ...EXTRA_PATH];
  for (const directory of directories) {
    const path = join(directory, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this directory.
    }
  }
  assert(!process.env.CI, `${name} is not installed, and CI must run every test`);
  return null;
}

/** Whether all these programs are there; those that are not are named on the standard error. */
export function haveTools(...names: string[]): boolean {
  const missing = names.filter((name) => findTool(name) === null);
  if (missing.length > 0) process.stderr.write(`skipped: not installed: ${missing.join(', ')}\n`);
  return missing.length === 0;
}

export interface ToolResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

/**
 * Runs a program to its end, whatever that is; kills it after the given time, and asks it to end
 * (SIGINT) when `stop` aborts.
 */
export function runTool(
  name: string,
  args: readonly string[],
  { timeoutMs = 60_000, cwd, stop }: { timeoutMs?: number; cwd?: string; stop?: AbortSignal } = {},
): Promise<ToolResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(findTool(name) ?? name, args, {
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: timeoutMs,
    });
    stop?.addEventListener('abort', () => child.kill('SIGINT'));
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.on('error', reject);
    child.on('close', (code) => {
      const stdout = Buffer.concat(out).toString('utf8');
      resolve({ code, stdout, stderr: Buffer.concat(err).toString('utf8') });
    });
  });
}

/** Like `runTool`, but throws with the program's own words unless it ends with 0. */
export async function mustRun(
  name: string,
  args: readonly string[],
  options: { timeoutMs?: number; cwd?: string } = {},
): Promise<string> {
  const { code, stdout, stderr } = await runTool(name, args, options);
  assert(code === 0, `${name} ${args.join(' ')} ended with ${code}: ${stderr}${stdout}`);
  return stdout;
}
