// The product's own processes by name (esx01, controller, web), from run.json of the data folder
// under test.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from '@playwright/test';
import { z } from 'zod';

const runSchema = z.object({ processes: z.record(z.string(), z.number().int()) });
const RESTART_MS = 30_000;

export function dataFolder(): string {
  const folder = process.env.SLUICE_E2E_DATA;
  if (!folder) throw new Error('SLUICE_E2E_DATA names the data folder of the product under test.');
  return folder;
}

function pidOf(name: string): number {
  const run = runSchema.parse(
    JSON.parse(readFileSync(path.join(dataFolder(), 'run.json'), 'utf8')),
  );
  const pid = run.processes[name];
  if (pid === undefined) throw new Error(`No process named ${name} runs.`);
  return pid;
}

/** kill -9, then waits until the supervisor has started it again under another id. */
export async function killAndAwait(name: string): Promise<void> {
  const before = pidOf(name);
  process.kill(before, 'SIGKILL');
  await expect
    .poll(() => newPidOf(name, before), { timeout: RESTART_MS, message: `${name} comes back` })
    .toBe(true);
}

/** SIGSTOP: the process lives on, but answers nobody. */
export function stopProcess(name: string): void {
  process.kill(pidOf(name), 'SIGSTOP');
}

export function resumeProcess(name: string): void {
  process.kill(pidOf(name), 'SIGCONT');
}

function newPidOf(name: string, before: number): boolean {
  try {
    return pidOf(name) !== before;
  } catch {
    // Between its death and its restart it is not in the file.
    return false;
  }
}
