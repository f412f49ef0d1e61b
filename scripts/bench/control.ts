// What the control plane costs by the number of VMs: reading lists and pages, judging, and writing
// a host's report, on a database of its own.
import { systemRandom } from '#lib/base/system-random.ts';
import { readAlarms } from '#lib/controller/alarms/read-alarms.ts';
import { readCluster } from '#lib/controller/clusters/read-cluster.ts';
import { readCompatibilityMatrix } from '#lib/controller/clusters/read-compatibility-matrix.ts';
import type { Database } from '#lib/controller/database/client.ts';
import { openTestDatabase } from '#lib/controller/database/test-database.ts';
import { readHost } from '#lib/controller/hosts/read-host.ts';
import { readHostFacts, readVmFacts } from '#lib/controller/inventory/read-facts.ts';
import { readInventory } from '#lib/controller/inventory/read-inventory.ts';
import { seedTestInventory } from '#lib/controller/inventory/seed-test-inventory.ts';
import { systemCaller } from '#lib/controller/permissions/caller.ts';
import { readPolicies } from '#lib/controller/policies/read-policies.ts';
import { applyWorlds } from '#lib/controller/reconciler/apply-worlds.ts';
import { readVm } from '#lib/controller/vms/read-vm.ts';
import { readVms } from '#lib/controller/vms/read-vms.ts';
import type { WorldReport } from '#lib/wire/agent/host-rpc.ts';

const ROUNDS = 5;
const CLUSTER = 'domain-c1';
const POLICY = 'policy-bench';
const TRACE = { name: 'trace', class: 'inspection' as const, properties: {} };

/** Prints the median of five for each size. */
export async function benchControl(
  sizes: readonly number[],
  print: (line: string) => void,
): Promise<void> {
  print('Control plane: median milliseconds by the number of VMs');
  const test = await openTestDatabase();
  try {
    const db = test.database;
    await seedTestInventory(db, systemRandom);
    const table = new Map<string, string[]>();
    let made = 0;
    for (const size of sizes) {
      await addVms(db, made, size);
      made = size;
      for (const [name, run] of Object.entries(await casesOf(db))) {
        table.set(name, [...(table.get(name) ?? []), (await median(run)).toFixed(1)]);
      }
    }
    print(rowOf('', sizes.map(String)));
    for (const [name, numbers] of table) print(rowOf(name, numbers));
  } finally {
    await test.close();
  }
}

function rowOf(name: string, cells: readonly string[]): string {
  return `  ${name.padEnd(44)}${cells.map((cell) => cell.padStart(10)).join('')}`;
}

/** VMs with one filtered disk each, on the hosts of the cluster in turn. */
async function addVms(db: Database, from: number, to: number): Promise<void> {
  const hosts = await db.host.findMany({ where: { clusterId: CLUSTER }, select: { id: true } });
  await db.policy.upsert({
    where: { id: POLICY },
    update: {},
    create: {
      ...{ id: POLICY, name: 'Bench', description: '', rules: [] },
      ...{ createdBy: 'bench', updatedBy: 'bench' },
    },
  });
  const numbers = Array.from({ length: to - from }, (_, index) => from + index + 10_000);
  await db.vm.createMany({
    data: numbers.map((number) => ({
      ...{ id: `vm-${number}`, name: `load${number}`, instanceUuid: `load-${number}` },
      ...{ hostId: hosts[number % hosts.length]?.id ?? '', cpuCount: 1, memoryMib: 256 },
      ...{ guestFullName: 'Other Linux', datastoreId: 'datastore-1' },
      ...{ vmxPath: `load${number}/load${number}.vmx`, desiredPowerState: 'poweredOn' },
      ...{ powerState: 'poweredOn', worldState: 'running', nbdPort: 10_809 },
    })),
  });
  await db.disk.createMany({
    data: numbers.map((number) => ({
      ...{ vmId: `vm-${number}`, key: 2000, label: 'Hard disk 1', unit: 'scsi0:0' },
      ...{ datastoreId: 'datastore-1', path: `load${number}/load${number}.vmdk` },
      ...{ capacityBytes: 1n << 30n, policyId: POLICY, policyGeneration: 1 },
      ...{ filters: [TRACE], reportedFilters: [TRACE] },
    })),
  });
  await db.$executeRaw`ANALYZE`;
}

async function casesOf(db: Database): Promise<Record<string, () => Promise<unknown>>> {
  const caller = systemCaller('bench');
  const [one] = await db.vm.findMany({ where: { id: { startsWith: 'vm-1' } }, take: 1 });
  const vmId = one?.id ?? '';
  const hostId = one?.hostId ?? '';
  const some = await db.vm.findMany({ take: 10, select: { id: true } });
  const ids = some.map(({ id }) => id);
  const worlds = await worldsOf(db, hostId);
  const all = await db.vm.count();
  return {
    listVms: () => readVms(db),
    'listVms of ten ids': () => readVms(db, { ids }),
    readInventory: () => readInventory(db),
    readVm: () => readVm({ db, caller }, vmId),
    readHost: () => readHost({ db, caller }, hostId),
    readCluster: () => readCluster({ db, caller }, CLUSTER),
    'listVms of a host': () => readVms(db, { hostId }),
    'compatibility, the first page': () =>
      readCompatibilityMatrix(db, CLUSTER, { offset: 0, limit: 100 }),
    'compatibility, the last page': () =>
      readCompatibilityMatrix(db, CLUSTER, { offset: Math.max(0, all - 100), limit: 100 }),
    listPolicies: () => readPolicies({ db, caller }),
    listAlarms: () => readAlarms(db),
    'facts of all hosts': () => readHostFacts(db),
    'facts of all VMs': () => readVmFacts(db),
    'report of a host with half of them': () =>
      db.$transaction((tx) => applyWorlds(tx, hostId, worlds), { timeout: 60_000 }),
  };
}

async function worldsOf(db: Database, hostId: string): Promise<WorldReport[]> {
  const vms = await db.vm.findMany({ where: { hostId }, include: { disks: true } });
  return vms.map((vm) => ({
    ...{ vmId: vm.id, powerState: 'poweredOn' as const, state: 'running' as const },
    ...{ message: '', trouble: null, pid: 1, nbdPort: vm.nbdPort, nbdSocketPath: '' },
    disks: vm.disks.map(({ key }) => ({ key, filters: [TRACE], connections: 0 })),
  }));
}

async function median(run: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const began = performance.now();
    await run();
    times.push(performance.now() - began);
  }
  return times.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? 0;
}
