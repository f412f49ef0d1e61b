// Core dumps of this process: one would hold the keys that it has in memory.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * From now on this process, and what it starts, leaves none. Returns what went wrong, in words;
 * null when it worked.
 */
export async function forbidCoreDumps(): Promise<string | null> {
  try {
    await run('prlimit', ['--pid', String(process.pid), '--core=0:0']);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
