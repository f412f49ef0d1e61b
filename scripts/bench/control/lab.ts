// What the idle lab costs: the time from the start of its processes to a console that answers and
// VMs that run, then the memory of all of them at rest. Memory is the proportional set size
// (smaps_rollup of proc(5)): pages that several processes share count once.
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { randomHex } from '#lib/base/random.ts';
import { systemRandom } from '#lib/base/system-random.ts';
import {
  answering,
  descendants,
  freePort,
  groupOf,
  proportionalMib,
  signIn,
  startLab,
  stop,
} from './lab-process.ts';

const START_MS_MAX = 180_000;
const SETTLE_MS = 15_000;
const vmsSchema = z.array(z.object({ name: z.string(), powerState: z.string() }));

/** Starts a lab of its own in a temporary folder, measures it and takes it away again. */
export async function benchLab(print: (line: string) => void): Promise<void> {
  const data = await mkdtemp(path.join(tmpdir(), 'sluice-bench-lab-'));
  const password = randomHex(systemRandom, 12);
  const port = await freePort();
  const startedAt = performance.now();
  const lab = startLab({ data, password, port });
  try {
    await answering(lab, `http://127.0.0.1:${port}/sign-in`);
    print('\nthe lab');
    print(`  start to a console that answers, first start   ${seconds(startedAt)} s`);
    await running(`http://127.0.0.1:${port}/api/v1`, password);
    print(`  start to every VM running                      ${seconds(startedAt)} s`);
    await sleep(SETTLE_MS);
    await printMemory(lab, print);
  } finally {
    await stop(lab);
    await rm(data, { recursive: true, force: true });
  }
}

/** Waits until every VM but the one that is meant to be off is powered on. */
async function running(api: string, password: string): Promise<void> {
  const token = await signIn(api, password);
  const until = performance.now() + START_MS_MAX;
  while (performance.now() < until) {
    const answer = await fetch(`${api}/vms`, { headers: { authorization: `Bearer ${token}` } });
    const vms = vmsSchema.parse(await answer.json());
    const off = vms.filter((vm) => vm.powerState !== 'poweredOn');
    if (vms.length > 1 && off.length <= 1) return;
    await sleep(200);
  }
  throw new Error('the VMs of the lab did not start');
}

async function printMemory(lab: ChildProcess, print: (line: string) => void): Promise<void> {
  const groups = new Map<string, { count: number; mib: number }>();
  let whole = 0;
  for (const pid of await descendants(lab.pid ?? 0)) {
    const mib = await proportionalMib(pid);
    const name = await groupOf(pid, lab.pid ?? 0);
    const group = groups.get(name) ?? { count: 0, mib: 0 };
    groups.set(name, { count: group.count + 1, mib: group.mib + mib });
    whole += mib;
  }
  print('  memory at rest, MiB');
  for (const [name, { count, mib }] of groups) {
    const who = `${name}, ${count} ${count === 1 ? 'process' : 'processes'}`;
    print(`    ${who.padEnd(32)} ${mib.toFixed(0).padStart(6)}`);
  }
  print(`    ${'all'.padEnd(32)} ${whole.toFixed(0).padStart(6)}`);
}

function seconds(since: number): string {
  return ((performance.now() - since) / 1000).toFixed(1).padStart(6);
}
