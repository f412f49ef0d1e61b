// For tests: a cluster of three hosts and a standalone one, all played by TestAgents, with two VMs
// and a controller that runs in the test's own process.
import { pino } from 'pino';
import { sleep } from '../base/clock.ts';
import { systemClock } from '../base/system-clock.ts';
import { systemRandom } from '../base/system-random.ts';
import type { InstalledVib } from '../wire/agent/host-rpc.ts';
import { createAgents } from './agents/agent-client.ts';
import { createDepotLinks } from './agents/depot-links.ts';
import { TestAgent } from './agents/test-agent.ts';
import { TestLayouts } from './agents/test-layouts.ts';
import type { Task } from './database/generated/client.ts';
import { openTestDatabase, type TestDatabase } from './database/test-database.ts';
import { createCluster } from './inventory/create-cluster.ts';
import { createDatacenter } from './inventory/create-datacenter.ts';
import { createDatastore } from './inventory/create-datastore.ts';
import { createVm } from './inventory/create-vm.ts';
import { registerHost } from './inventory/register-host.ts';
import { systemCaller } from './permissions/caller.ts';
import { runController } from './run-controller.ts';
import { createSealer } from './secrets/sealer.ts';
import type { ObservedTarget, Operation } from './tasks/operation.ts';
import { submit } from './tasks/submit.ts';
import type { TaskServices } from './tasks/task-context.ts';

export const caller = systemCaller('tester');
const GIB = 1024 ** 3;

export interface TestLab {
  db: TestDatabase['database'];
  url: string;
  services: TaskServices;
  agents: TestAgent[];
  /** The VMs' files, as the hosts find them. */
  layouts: TestLayouts;
  clusterId: string;
  datacenterId: string;
  /** esx01, esx02, esx03 in the cluster, esx04 by itself. */
  hostIds: string[];
  /** web01 on esx01, db01 on esx02; powered on. */
  vmIds: string[];
  /** Into the depot, and where the hosts find it. */
  addVib(vib: InstalledVib): Promise<void>;
  submit<I, O extends ObservedTarget>(operation: Operation<I, O>, input: I): Promise<string>;
  /** Submits and waits for the end. */
  run<I, O extends ObservedTarget>(operation: Operation<I, O>, input: I): Promise<Task>;
  ended(taskId: string): Promise<Task>;
  /** Polls until the function returns something. */
  eventually<T>(find: () => Promise<T | null | undefined | false>): Promise<T>;
  startController(): void;
  stopController(): Promise<void>;
  close(): Promise<void>;
}

export async function openTestLab(): Promise<TestLab> {
  const database = await openTestDatabase();
  const db = database.database;
  const layouts = new TestLayouts();
  const agents = ['esx01', 'esx02', 'esx03', 'esx04'].map(
    (name) => new TestAgent(name, (url) => vibs.find(({ id }) => url.includes(id)), layouts),
  );
  const vibs: InstalledVib[] = [testVib('trace'), testVib('cache')];
  await Promise.all(agents.map((agent) => agent.start()));
  const services = createServices(db);
  const inventory = await createInventory(services, agents);
  for (const [index, vib] of vibs.entries()) await addToDepot(services, vib, `vib-${index + 1}`);
  let stop = new AbortController();
  let running: Promise<void> | null = null;
  const lab: TestLab = {
    db,
    url: database.url,
    services,
    agents,
    layouts,
    ...inventory,
    async addVib(vib) {
      vibs.push(vib);
      await addToDepot(services, vib, `vib-${vibs.length}`);
    },
    submit: (operation, input) => submit({ db, caller, operation, input }),
    run: async (operation, input) => lab.ended(await lab.submit(operation, input)),
    ended: (taskId) =>
      lab.eventually(() =>
        db.task.findFirst({ where: { id: taskId, completedAt: { not: null } } }),
      ),
    async eventually(find) {
      for (;;) {
        const found = await find();
        if (found !== null && found !== undefined && found !== false) return found;
        await sleep(systemClock, 50);
      }
    },
    startController() {
      stop = new AbortController();
      const owner = `test-${systemRandom.bytes(4).join('')}`;
      const { signal } = stop;
      running = runController({ services, databaseUrl: database.url, owner, signal });
    },
    async stopController() {
      stop.abort();
      await running;
      running = null;
    },
    async close() {
      await lab.stopController();
      await Promise.all(agents.map((agent) => agent.stop()));
      await database.close();
    },
  };
  lab.startController();
  const started = { operation: 'VirtualMachine.powerOn', state: 'success' };
  await lab.eventually(async () => (await db.task.count({ where: started })) === 2);
  return lab;
}

function createServices(db: TaskServices['db']): TaskServices {
  return {
    db,
    agents: createAgents(systemClock),
    depot: createDepotLinks({
      publicUrl: 'http://127.0.0.1',
      secret: systemRandom.bytes(32),
      clock: systemClock,
    }),
    sealer: createSealer(systemRandom.bytes(32), systemRandom),
    clock: systemClock,
    random: systemRandom,
    logger: pino({ level: 'silent' }),
  };
}

async function createInventory({ db, random }: TaskServices, agents: TestAgent[]) {
  const datacenterId = await createDatacenter(db, { name: 'Lab' });
  const drs = { enabled: true, behavior: 'partiallyAutomated' as const, threshold: 3 };
  const clusterId = await createCluster(db, { name: 'Prod', datacenterId, drs });
  const type = 'VMFS' as const;
  const datastoreId = await createDatastore(db, { name: 'vmfs1', datacenterId, type, path: '/ds' });
  const hostIds: string[] = [];
  for (const [index, agent] of agents.entries()) {
    const host = { name: agent.name, agentUrl: agent.url, agentToken: 'token', datacenterId };
    const place = { clusterId: index < 3 ? clusterId : null, datastoreIds: [datastoreId] };
    hostIds.push(await registerHost(db, { ...host, ...place }));
  }
  const vmIds: string[] = [];
  for (const [index, name] of ['web01', 'db01'].entries()) {
    const size = { cpuCount: 2, memoryMib: 1024, guestFullName: 'Debian GNU/Linux 12 (64-bit)' };
    const place = { hostId: hostIds[index] ?? '', datastoreId, disks: [{ capacityBytes: GIB }] };
    vmIds.push(await createVm({ db, caller, random }, { name, ...size, ...place, powerOn: true }));
  }
  return { clusterId, datacenterId, hostIds, vmIds };
}

const CLASSES = { trace: 'inspection', cache: 'cache', encryption: 'encryption' } as const;

export function testVib(name: keyof typeof CLASSES, version = '1.0.0'): InstalledVib {
  const vendor = 'Sluice';
  return {
    id: `${vendor}_bootbank_${name}_${version}`,
    installedAt: 1_700_000_000_000,
    sizeBytes: 1000,
    sha256: 'a'.repeat(64),
    signers: [],
    descriptor: {
      ...{ type: 'bootbank', name, version, vendor, summary: '', description: '' },
      ...{ releaseDate: '2026-01-01', acceptanceLevel: 'PartnerSupported' as const },
      ...{ depends: [], conflicts: [], replaces: [], provides: [], softwareTags: [] },
      ...{ maintenanceModeRequired: false, softwarePlatforms: [], files: [], payloads: [] },
      ...{ liveInstallAllowed: true, liveRemoveAllowed: true },
    },
    filter: {
      name,
      class: CLASSES[name],
      apiVersion: 1,
      summary: name,
      entry: 'index.js',
      entrySha256: 'b'.repeat(64),
      properties: [
        {
          ...{ name: 'depth', label: 'Depth', help: '', type: 'integer' as const },
          ...{ minimum: 1, maximum: 10, default: 4 },
        },
      ],
      statistics: [],
    },
  };
}

async function addToDepot({ db }: TaskServices, vib: InstalledVib, id: string): Promise<void> {
  const { installedAt: _, ...inspection } = vib;
  const { name, vendor, version, acceptanceLevel } = vib.descriptor;
  await db.vib.create({
    data: {
      ...{ id, vibId: vib.id, name, vendor, version },
      ...{ summary: name, acceptanceLevel, fileName: `${vib.id}.vib`, addedBy: 'tester' },
      ...{
        sizeBytes: 1000,
        sha256: vib.sha256,
        inspection: JSON.parse(JSON.stringify(inspection)),
      },
      ...{ filterId: `${vendor}_${name}_${version}`, filterName: name },
      filterClass: vib.filter?.class ?? null,
    },
  });
}
