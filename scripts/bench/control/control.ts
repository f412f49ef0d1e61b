// What the control plane costs with 100 and 1,000 hosts, on a database of its own: reading lists
// and pages, judging, a pass of DRS; each figure with what is wanted of it, where something is.
import { systemClock } from '#lib/base/system-clock.ts';
import { systemRandom } from '#lib/base/system-random.ts';
import { readAlarms } from '#lib/controller/alarms/read-alarms.ts';
import { recordChange } from '#lib/controller/changes/record-change.ts';
import { readCluster } from '#lib/controller/clusters/read-cluster.ts';
import { readCompatibilityMatrix } from '#lib/controller/clusters/read-compatibility-matrix.ts';
import type { Database } from '#lib/controller/database/client.ts';
import { openTestDatabase } from '#lib/controller/database/test-database.ts';
import { runDrs } from '#lib/controller/drs/run-drs.ts';
import { readHost } from '#lib/controller/hosts/read-host.ts';
import { readHosts } from '#lib/controller/hosts/read-hosts.ts';
import { readHostFacts, readVmFacts } from '#lib/controller/inventory/read-facts.ts';
import { readInventory } from '#lib/controller/inventory/read-inventory.ts';
import { seedTestInventory } from '#lib/controller/inventory/seed-test-inventory.ts';
import { systemCaller } from '#lib/controller/permissions/caller.ts';
import { VmList } from '#lib/controller/vm-list/vm-list.ts';
import { readMigrationTargets } from '#lib/controller/vms/read-migration-targets.ts';
import { readVm } from '#lib/controller/vms/read-vm.ts';
import { judgePlacement } from '#lib/rules/placement.ts';
import { addCluster, addPolicy } from './inventory.ts';

const ROUNDS = 30;
const CALLER = systemCaller('bench');
const FIRST = 100_000;
const DRS_FIRST = 900_000;
const CLUSTER_HOSTS = 100;

export interface Size {
  hosts: number;
  vms: number;
}

export interface Figure {
  milliseconds: number;
  /** At most so many are wanted, at the largest size. */
  wanted?: number;
}

interface Case {
  run: () => Promise<unknown>;
  wanted?: number;
  rounds?: number;
}

/** Prints the 95th percentile of each case for each size, and what is wanted of it. */
export async function benchControl(
  sizes: readonly Size[],
  print: (line: string) => void,
): Promise<void> {
  print('Control plane: 95th percentile in milliseconds, by hosts and VMs');
  const table = new Map<string, Figure[]>();
  for (const size of sizes) {
    for (const [name, figure] of await measure(size)) {
      table.set(name, [...(table.get(name) ?? []), figure]);
    }
  }
  print(
    rowOf(
      '',
      sizes.map(({ hosts, vms }) => `${hosts}/${vms}`),
      'wanted',
    ),
  );
  for (const [name, figures] of table) {
    const cells = figures.map(({ milliseconds }) => milliseconds.toFixed(1));
    print(rowOf(name, cells, verdictOf(figures)));
  }
  printGrowth(table, sizes, print);
}

function rowOf(name: string, cells: readonly string[], verdict: string): string {
  const columns = cells.map((cell) => cell.padStart(12)).join('');
  return `  ${name.padEnd(44)}${columns}   ${verdict}`;
}

/** It holds for the largest size, which is the last. */
function verdictOf(figures: readonly Figure[]): string {
  const last = figures.at(-1);
  if (last?.wanted === undefined) return '';
  return `under ${last.wanted}: ${last.milliseconds < last.wanted ? 'met' : 'MISSED'}`;
}

/** Worse than linear is what grew by more than the number of hosts did, and is not small. */
function printGrowth(
  table: ReadonlyMap<string, readonly Figure[]>,
  sizes: readonly Size[],
  print: (line: string) => void,
): void {
  const [first, last] = [sizes[0], sizes.at(-1)];
  if (!first || !last || first === last) return;
  const factor = last.hosts / first.hosts;
  const worse = [...table].filter(([, figures]) => {
    const [small, large] = [figures[0], figures.at(-1)];
    return small && large && large.milliseconds > Math.max(small.milliseconds, 1) * factor;
  });
  const names = worse.map(([name]) => name).join(', ');
  print(`  growth from ${first.hosts} to ${last.hosts} hosts, no worse than linear wanted: `);
  print(`    ${worse.length === 0 ? 'met everywhere' : `MISSED by ${names}`}`);
}

async function measure(size: Size): Promise<Map<string, Figure>> {
  const test = await openTestDatabase();
  try {
    const db = test.database;
    await seedTestInventory(db, systemRandom);
    await addPolicy(db);
    const clusters = Math.max(1, Math.ceil(size.hosts / CLUSTER_HOSTS));
    for (let index = 0; index < clusters; index++) {
      await addCluster(db, {
        ...{ id: `domain-c${FIRST + index}`, from: FIRST + index * 10_000 },
        ...{ hosts: size.hosts / clusters, vms: size.vms / clusters },
      });
    }
    await db.$executeRaw`ANALYZE`;
    const figures = new Map<string, Figure>();
    for (const [name, { run, wanted, rounds = ROUNDS }] of Object.entries(await casesOf(db))) {
      const milliseconds = await p95(run, rounds);
      figures.set(name, { milliseconds, ...(wanted !== undefined && { wanted }) });
    }
    figures.set('a DRS pass over 64 hosts and 8,000 VMs', await measureDrs(db));
    return figures;
  } finally {
    await test.close();
  }
}

async function casesOf(db: Database): Promise<Record<string, Case>> {
  return { ...listCases(db), ...(await judgingCases(db)), ...(await viewCases(db)) };
}

/** A VM changes before each question, as in a busy inventory. */
function listCases(db: Database): Record<string, Case> {
  const list = new VmList(db, systemClock);
  const all = { search: '', sort: 'name', offset: 0, limit: 100 };
  let changed = 0;
  const query = (part: Partial<typeof all>) => async () => {
    changed += 1;
    const id = `vm-${FIRST + (changed % 50)}`;
    await db.vm.update({ where: { id }, data: { memoryMib: 256 + changed } });
    await recordChange(db, { object: id, path: 'memory' });
    return list.query({ ...all, ...part });
  };
  const wanted = 100;
  return {
    'VM list, the first question of a process': {
      run: () => new VmList(db, systemClock).query(all),
      rounds: 3,
    },
    'VM list, first page': { run: query({}), wanted },
    'VM list, filtered by state': { run: query({ search: 'power:"powered off"' }), wanted },
    'VM list, a word anywhere': { run: query({ search: 'load1000' }), wanted },
    'VM list, sorted by CPU': { run: query({ sort: '-cpu' }), wanted },
    'VM list, sorted by host, far down': { run: query({ sort: 'host', offset: 900 }), wanted },
  };
}

async function judgingCases(db: Database): Promise<Record<string, Case>> {
  const vmId = `vm-${FIRST}`;
  const [vm] = await readVmFacts(db, { id: vmId });
  const hosts = await readHostFacts(db);
  const judge = async () => {
    if (vm) for (const host of hosts) judgePlacement(vm, host);
  };
  return {
    'compatibility of a VM with every host, judged': { run: judge, wanted: 20 },
    'the same with its facts read anew': {
      run: () => readMigrationTargets({ db, caller: CALLER }, vmId),
    },
    'compatibility matrix, a page': {
      run: () => readCompatibilityMatrix(db, `domain-c${FIRST}`, { offset: 0, limit: 100 }),
      rounds: 5,
    },
    'facts of all hosts': { run: () => readHostFacts(db), rounds: 5 },
  };
}

async function viewCases(db: Database): Promise<Record<string, Case>> {
  const on = { db, caller: CALLER };
  const rounds = 5;
  return {
    'the inventory tree': { run: () => readInventory(db), rounds },
    'list of hosts': { run: () => readHosts(db), rounds },
    'page of a VM': { run: () => readVm(on, `vm-${FIRST}`), rounds },
    'page of a host': { run: () => readHost(on, `host-${FIRST}`), rounds },
    'page of a cluster of 100 hosts': { run: () => readCluster(on, `domain-c${FIRST}`), rounds },
    'list of alarms': { run: () => readAlarms(db), rounds },
  };
}

async function measureDrs(db: Database): Promise<Figure> {
  const id = `domain-c${DRS_FIRST}`;
  await addCluster(db, { id, from: DRS_FIRST, hosts: 64, vms: 8_000, uneven: true });
  await db.$executeRaw`ANALYZE`;
  const run = () => runDrs({ db, random: systemRandom, now: systemClock.now() }, id);
  return { milliseconds: await p95(run, 3), wanted: 1_000 };
}

async function p95(run: () => Promise<unknown>, rounds: number): Promise<number> {
  await run();
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const began = performance.now();
    await run();
    times.push(performance.now() - began);
  }
  return times.sort((a, b) => a - b)[Math.ceil(rounds * 0.95) - 1] ?? 0;
}
