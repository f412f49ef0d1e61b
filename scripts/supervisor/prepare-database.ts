// Runs scripts/lab/prepare-main.ts once: migrations, the lab on the first start, the hosts'
// addresses.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { type SeedOptions, type SeedResult, seedResultSchema } from '../lab/seed-options.ts';

const PROGRAM = path.join(import.meta.dirname, '..', 'lab', 'prepare-main.ts');

/** Throws an Error with the words of the process when it fails. */
export async function prepareDatabase(options: SeedOptions): Promise<SeedResult> {
  const child = spawn(process.execPath, ['--disable-warning=DeprecationWarning', PROGRAM]);
  child.stdin.end(JSON.stringify(options));
  const [result, problem, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ]);
  if (code !== 0) throw new Error(`the database cannot be prepared: ${problem.trim()}`);
  return seedResultSchema.parse(JSON.parse(result));
}
