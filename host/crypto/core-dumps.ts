// Core dumps of this process: one would hold the keys that it has in memory.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * From now on this process, and what it starts, leaves none. Returns what went wrong, in words;
 * null when it worked.
 */
export async function forbidCoreDumps(): Promise<string | null> {
  // One byte holds no dump, and keeps the kernel from giving one to a program as well, for which a
  // limit of 0 does not count (core(5)). Who has the limit 0 already may not be able to raise it.
  const reason = await limit(1);
  return reason === null ? null : limit(0);
}

async function limit(bytes: number): Promise<string | null> {
  try {
    await run('prlimit', ['--pid', String(process.pid), `--core=${bytes}:${bytes}`]);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
