// A lab in processes of its own, for benches: started in a temporary folder, asked over HTTP,
// looked at from outside, and stopped.
import { type ChildProcess, spawn } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const START_MS_MAX = 180_000;
const sessionSchema = z.object({ token: z.string() });

export interface LabPlace {
  data: string;
  password: string;
  port: number;
  /** Of the lab generator. */
  knobs?: readonly string[];
}

export function startLab(at: LabPlace): ChildProcess {
  return spawn(process.execPath, ['scripts/supervisor/main.ts', ...(at.knobs ?? [])], {
    cwd: ROOT,
    stdio: 'ignore',
    env: {
      ...process.env,
      PORT: `${at.port}`,
      SLUICE_DATA: at.data,
      SLUICE_ADMIN_PASSWORD: at.password,
    },
  });
}

export async function answering(
  lab: ChildProcess,
  url: string,
  patienceMs = START_MS_MAX,
): Promise<void> {
  const until = performance.now() + patienceMs;
  while (performance.now() < until && lab.exitCode === null) {
    const answer = await fetch(url).catch(() => null);
    if (answer?.ok) return;
    await sleep(100);
  }
  throw new Error('the lab did not start');
}

/** A bearer token of the admin. */
export async function signIn(api: string, password: string): Promise<string> {
  const body = JSON.stringify({ userName: 'admin', password });
  const headers = { 'content-type': 'application/json' };
  const signedIn = await fetch(`${api}/session`, { method: 'POST', headers, body });
  return sessionSchema.parse(await signedIn.json()).token;
}

/** The process and all below it. */
export async function descendants(root: number): Promise<number[]> {
  const childrenOf = new Map<number, number[]>();
  for (const name of await readdir('/proc')) {
    const stat = /^\d+$/.test(name)
      ? await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '')
      : '';
    const parent = Number(stat.slice(stat.lastIndexOf(')')).split(' ')[2]);
    childrenOf.set(parent, [...(childrenOf.get(parent) ?? []), Number(name)]);
  }
  const found = [root];
  for (const pid of found) found.push(...(childrenOf.get(pid) ?? []));
  return found;
}

export async function groupOf(pid: number, supervisor: number): Promise<string> {
  if (pid === supervisor) return 'supervisor';
  const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  if (line.includes('world-main.ts')) return 'worlds';
  if (line.includes('agent-main.ts')) return 'host agents';
  if (line.includes('controller/main.ts')) return 'controller';
  return line.includes('postgres') ? 'PostgreSQL' : 'web';
}

/** Proportional set size of a process in MiB; 0 when it has ended meanwhile. */
export async function proportionalMib(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
  return Number(/^Pss:\s+(\d+)/m.exec(text)?.[1] ?? 0) / 1024;
}

export async function stop(lab: ChildProcess): Promise<void> {
  if (lab.exitCode !== null) return;
  const ended = new Promise((resolve) => lab.once('exit', resolve));
  lab.kill('SIGTERM');
  await ended;
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0));
    });
  });
}
