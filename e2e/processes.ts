// The product's own processes by name (esx01, controller, web), from run.json of the data folder
// under test.
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
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

/**
 * Kills a host agent and takes its port, so that it cannot come back until the function returned is
 * called.
 */
export async function keepDown(name: string): Promise<() => Promise<void>> {
  const file = path.join(dataFolder(), 'agent-ports.json');
  const port = z.record(z.string(), z.number().int()).parse(JSON.parse(readFileSync(file, 'utf8')))[
    name
  ];
  const server = createServer((socket) => socket.destroy());
  process.kill(pidOf(name), 'SIGKILL');
  await expect
    .poll(() => tryListen(server, port), { message: `the port of ${name} is taken from it` })
    .toBe(true);
  return () => new Promise((resolve) => server.close(() => resolve()));
}

function tryListen(server: Server, port: number | undefined): Promise<boolean> {
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => resolve(true));
  });
}

function newPidOf(name: string, before: number): boolean {
  try {
    return pidOf(name) !== before;
  } catch {
    // Between its death and its restart it is not in the file.
    return false;
  }
}
