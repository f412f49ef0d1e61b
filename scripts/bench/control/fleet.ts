// What a generated lab of a thousand hosts costs as a whole, in its real processes: making it,
// starting it, resting, its list of VMs over HTTP, and installing a filter on every host.
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { randomHex } from '#lib/base/random.ts';
import { systemRandom } from '#lib/base/system-random.ts';
import type { Size } from './control.ts';
import {
  answering,
  descendants,
  freePort,
  groupOf,
  type LabPlace,
  proportionalMib,
  signIn,
  startLab,
  stop,
} from './lab-process.ts';

const FIRST_START_MS_MAX = 480_000;
const REST_MS = 20_000;
const CLUSTER_HOSTS = 100;
const POWERED_ON = 3;
const TASK_MS_MAX = 480_000;
/** USER_HZ of Linux: ticks of proc(5) in a second. */
const TICKS = 100;

const hostsSchema = z.array(z.object({ connectionState: z.string() }));
const pageSchema = z.object({ total: z.number(), rows: z.array(z.unknown()) });
const nodesSchema = z.object({ nodes: z.array(z.object({ id: z.string(), kind: z.string() })) });
const vibsSchema = z.array(z.object({ id: z.string(), name: z.string() }));
const startedSchema = z.object({ taskId: z.string() });
const taskSchema = z.object({ state: z.string(), fault: z.unknown() });

type Print = (line: string) => void;

export async function benchFleet({ hosts, vms }: Size, print: Print): Promise<void> {
  const data = await mkdtemp(path.join(tmpdir(), 'sluice-bench-fleet-'));
  const clusters = Math.ceil(hosts / CLUSTER_HOSTS);
  const knobs = [
    ...['--lab', 'vcsim', '--clusters', `${clusters}`, '--cluster-hosts', `${hosts / clusters}`],
    ...['--standalone-hosts', '0', '--vms', `${vms / clusters}`, '--datastores', '2'],
    ...['--powered-on', `${POWERED_ON}`],
  ];
  const password = randomHex(systemRandom, 12);
  const place = { data, password, knobs };
  print(`\nA generated lab: ${hosts} hosts in ${clusters} clusters, ${vms} VMs`);
  try {
    const made = await startFleet(place, { hosts, vms });
    print(line('made and started, until usable', `${made.seconds.toFixed(1)} s`));
    await stop(made.lab);
    const fleet = await startFleet(place, { hosts, vms });
    try {
      const wanted = verdict(fleet.seconds < 60, 'under 60 s');
      print(line('started again, until usable', `${fleet.seconds.toFixed(1)} s`, wanted));
      await measureRest(fleet, hosts, print);
      await measureList(fleet, print);
      await measureInstall(fleet, print);
    } finally {
      await stop(fleet.lab);
    }
  } finally {
    await rm(data, { recursive: true, force: true });
  }
}

interface Fleet {
  lab: ChildProcess;
  api: string;
  token: string;
  seconds: number;
}

/** Usable: every host is connected, and the list shows its first page of all VMs. */
async function startFleet(place: Omit<LabPlace, 'port'>, size: Size): Promise<Fleet> {
  const port = await freePort();
  const began = performance.now();
  const lab = startLab({ ...place, port });
  try {
    await answering(lab, `http://127.0.0.1:${port}/sign-in`, FIRST_START_MS_MAX);
    const api = `http://127.0.0.1:${port}/api/v1`;
    const token = await signIn(api, place.password);
    const at = { lab, api, token, seconds: 0 };
    const until = performance.now() + FIRST_START_MS_MAX;
    for (;;) {
      const found = pageSchema.parse(await read(at, '/vm-list?limit=100'));
      const known = hostsSchema.parse(await read(at, '/hosts'));
      const connected = known.filter(({ connectionState }) => connectionState === 'connected');
      if (found.total === size.vms && connected.length === size.hosts) break;
      if (performance.now() > until) throw new Error(`${connected.length} hosts are connected`);
      await sleep(1_000);
    }
    return { ...at, seconds: (performance.now() - began) / 1000 };
  } catch (error) {
    await stop(lab);
    throw error;
  }
}

async function measureRest(fleet: Fleet, hosts: number, print: Print): Promise<void> {
  await sleep(REST_MS);
  const before = await cpuByGroup(fleet.lab);
  await sleep(REST_MS);
  const after = await cpuByGroup(fleet.lab);
  print('  at rest: share of a core, and memory in MiB');
  for (const [name, { cpu, mib }] of after) {
    const share = (100 * (cpu - (before.get(name)?.cpu ?? 0))) / (REST_MS / 1000);
    print(line(`  ${name}`, `${share.toFixed(1)} %  ${mib.toFixed(0)} MiB`));
  }
  const agents = after.get('host agents')?.mib ?? 0;
  print(line('memory of a host', `${(agents / hosts).toFixed(2)} MiB`));
}

async function measureList(fleet: Fleet, print: Print): Promise<void> {
  const questions = ['', 'search=VM99', 'search=power:%22powered%20off%22', 'sort=-memory'];
  for (const question of questions) {
    const times: number[] = [];
    for (let round = 0; round < 30; round++) {
      const began = performance.now();
      await read(fleet, `/vm-list?limit=100&${question}`);
      times.push(performance.now() - began);
    }
    const p95 = times.sort((a, b) => a - b)[28] ?? 0;
    const wanted = verdict(p95 < 100, 'under 100 ms');
    print(line(`list of VMs over HTTP, p95: ${question}`, `${p95.toFixed(1)} ms`, wanted));
  }
}

/** On every cluster at once: one task each. */
async function measureInstall(fleet: Fleet, print: Print): Promise<void> {
  const { nodes } = nodesSchema.parse(await read(fleet, '/inventory'));
  const vibs = vibsSchema.parse(await read(fleet, '/depot/vibs'));
  const depotId = vibs.find(({ name }) => name === 'trace')?.id ?? '';
  const before = await cpuByGroup(fleet.lab);
  const began = performance.now();
  const clusters = nodes.filter(({ kind }) => kind === 'cluster');
  const tasks = await Promise.all(
    clusters.map(({ id }) => post(fleet, '/io-filters', { computeResourceId: id, depotId })),
  );
  const states = await Promise.all(tasks.map((taskId) => ended(fleet, taskId)));
  const seconds = (performance.now() - began) / 1000;
  const after = await cpuByGroup(fleet.lab);
  const failed = states.filter((state) => state !== 'success').length;
  print(
    line('a filter installed on every host', `${seconds.toFixed(1)} s, ${failed} tasks failed`),
  );
  for (const [name, { cpu }] of after) {
    const cores = (cpu - (before.get(name)?.cpu ?? 0)) / seconds;
    const wanted = name === 'controller' ? verdict(cores < 1, 'under one core') : '';
    print(line(`  ${name}, cores`, cores.toFixed(2), wanted));
  }
}

async function ended(fleet: Fleet, taskId: string): Promise<string> {
  const until = performance.now() + TASK_MS_MAX;
  for (;;) {
    const { state } = taskSchema.parse(await read(fleet, `/tasks/${taskId}`));
    if (state === 'success' || state === 'error') return state;
    if (performance.now() > until) return 'not ended';
    await sleep(500);
  }
}

async function read({ api, token }: Fleet, below: string): Promise<unknown> {
  const answer = await fetch(`${api}${below}`, { headers: { authorization: `Bearer ${token}` } });
  if (!answer.ok) throw new Error(`${below} answered ${answer.status}: ${await answer.text()}`);
  return answer.json();
}

async function post({ api, token }: Fleet, below: string, body: unknown): Promise<string> {
  const answer = await fetch(`${api}${below}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${below} answered ${answer.status}: ${await answer.text()}`);
  return startedSchema.parse(await answer.json()).taskId;
}

/** Seconds of CPU used so far, and memory now. */
async function cpuByGroup(lab: ChildProcess): Promise<Map<string, { cpu: number; mib: number }>> {
  const groups = new Map<string, { cpu: number; mib: number }>();
  for (const pid of await descendants(lab.pid ?? 0)) {
    const name = await groupOf(pid, lab.pid ?? 0);
    const { cpu, mib } = groups.get(name) ?? { cpu: 0, mib: 0 };
    groups.set(name, {
      cpu: cpu + (await cpuSeconds(pid)),
      mib: mib + (await proportionalMib(pid)),
    });
  }
  return groups;
}

async function cpuSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / TICKS;
}

function line(what: string, figure: string, wanted = ''): string {
  return `  ${what.padEnd(60)}${figure.padStart(18)}   ${wanted}`;
}

function verdict(isMet: boolean, wanted: string): string {
  return `${wanted}: ${isMet ? 'met' : 'MISSED'}`;
}
