// What a powered-on VM costs that does nothing, and what it would cost as a thread of one process
// instead of a process of its own: memory, and processor time while its host asks it once a second
// how it is. docs/adr/0013-process-per-vm.md has what each of the two isolates.
import { type ChildProcess, spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { WorldLaunch } from '#host/world/launch.ts';
import { clientOf, WorldHarness } from '#host/world/world-harness.ts';
import { MIB } from '#lib/model/limits.ts';

const THREADS_MAIN = fileURLToPath(new URL('./idle-threads-main.ts', import.meta.url));
/** Started at the same time, so that the machine is not overwhelmed. */
const AT_ONCE = 4;
const SETTLE_MS = 5_000;
/** Of processor time, as the kernel counts it. */
const TICK_MS = 10;

interface Cost {
  /** Proportional set size of all together, in MiB. */
  mib: number;
  cpuMs: number;
}

export async function benchIdle(
  { worlds, seconds }: { worlds: number; seconds: number },
  print: (line: string) => void,
): Promise<void> {
  const harness = await WorldHarness.create();
  try {
    print(`\n${worlds} idle VMs, each asked once a second how it is`);
    const launches = await launchesOf(harness, worlds);
    const processes = await startProcesses(harness, launches);
    const asProcesses = await measure(
      processes.map(({ pid }) => pid),
      launches,
      seconds,
    );
    printCost('a process each', asProcesses, { worlds, seconds, print });
    await Promise.all(launches.map((launch) => clientOf(launch).stop()));
    const child = await startThreads(harness, launches);
    const asThreads = await measure([child.pid ?? 0], launches, seconds);
    printCost('a thread each, in one process', asThreads, { worlds, seconds, print });
    child.kill('SIGKILL');
  } finally {
    await harness.dispose();
  }
}

async function launchesOf(harness: WorldHarness, worlds: number): Promise<WorldLaunch[]> {
  const launches: WorldLaunch[] = [];
  for (let index = 0; index < worlds; index++) {
    const disk = await harness.makeDisk(index, 4 * MIB);
    launches.push(await harness.makeLaunch([disk]));
  }
  return launches;
}

async function startProcesses(
  harness: WorldHarness,
  launches: readonly WorldLaunch[],
): Promise<{ pid: number }[]> {
  const started: { pid: number }[] = [];
  for (let at = 0; at < launches.length; at += AT_ONCE) {
    const some = launches.slice(at, at + AT_ONCE).map((launch) => harness.start(launch));
    for (const { status } of await Promise.all(some)) started.push({ pid: status.pid });
  }
  return started;
}

async function startThreads(
  harness: WorldHarness,
  launches: readonly WorldLaunch[],
): Promise<ChildProcess> {
  const paths: string[] = [];
  for (const launch of launches) {
    const path = `${launch.controlSocketPath}.json`;
    await writeFile(path, JSON.stringify(launch));
    paths.push(path);
  }
  const child = spawn(process.execPath, [THREADS_MAIN, ...paths], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  harness.adopt(child.pid ?? 0);
  const isAlive = (): boolean => child.exitCode === null && child.signalCode === null;
  for (const launch of launches) {
    await clientOf(launch).waitUntilReady({ timeoutMs: 300_000, isAlive });
  }
  return child;
}

async function measure(
  pids: readonly number[],
  launches: readonly WorldLaunch[],
  seconds: number,
): Promise<Cost> {
  await sleep(SETTLE_MS);
  const before = await cpuOf(pids);
  for (let second = 0; second < seconds; second++) {
    const next = sleep(1000);
    await Promise.all(launches.map((launch) => clientOf(launch).status()));
    await next;
  }
  const cpuMs = (await cpuOf(pids)) - before;
  let mib = 0;
  for (const pid of pids) mib += await proportionalMib(pid);
  return { mib, cpuMs };
}

function printCost(
  what: string,
  { mib, cpuMs }: Cost,
  { worlds, seconds, print }: { worlds: number; seconds: number; print: (line: string) => void },
): void {
  const share = (cpuMs / (seconds * 1000)) * 100;
  print(`  ${what}`);
  print(`    memory of one, MiB                ${(mib / worlds).toFixed(1).padStart(8)}`);
  print(`    memory of all, MiB                ${mib.toFixed(0).padStart(8)}`);
  print(`    processor of all, % of one core   ${share.toFixed(1).padStart(8)}`);
}

async function cpuOf(pids: readonly number[]): Promise<number> {
  let ticks = 0;
  for (const pid of pids) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks * TICK_MS;
}

/** Pages that several processes share count once. */
async function proportionalMib(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
  return Number(/^Pss:\s+(\d+)/m.exec(text)?.[1] ?? 0) / 1024;
}
