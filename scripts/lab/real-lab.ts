// For tests: a controller process and host agents as a first start runs them, on a database and
// folders of their own. Each of the processes may be killed.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { sleep } from '#lib/base/clock.ts';
import { systemClock } from '#lib/base/system-clock.ts';
import { systemRandom } from '#lib/base/system-random.ts';
import { createAgents } from '#lib/controller/agents/agent-client.ts';
import { recordChange } from '#lib/controller/changes/record-change.ts';
import { transact } from '#lib/controller/changes/transact.ts';
import type { Task } from '#lib/controller/database/generated/client.ts';
import { openTestDatabase, type TestDatabase } from '#lib/controller/database/test-database.ts';
import { createCluster } from '#lib/controller/inventory/create-cluster.ts';
import { createDatacenter } from '#lib/controller/inventory/create-datacenter.ts';
import { createDatastore } from '#lib/controller/inventory/create-datastore.ts';
import { createVm } from '#lib/controller/inventory/create-vm.ts';
import { registerHost } from '#lib/controller/inventory/register-host.ts';
import { systemCaller } from '#lib/controller/permissions/caller.ts';
import type { ObservedTarget, Operation } from '#lib/controller/tasks/operation.ts';
import { submit } from '#lib/controller/tasks/submit.ts';
import type { TrustedRoot } from '#lib/formats/vib/trusted-roots.ts';
import { report, type WorldReport } from '#lib/wire/agent/host-rpc.ts';

const ROOT = path.join(import.meta.dirname, '..', '..');
const AGENT = path.join(ROOT, 'host', 'agent', 'agent-main.ts');
const CONTROLLER = path.join(ROOT, 'lib', 'controller', 'main.ts');
/** By which the hosts know who calls. */
export const LAB_TOKEN = 'a token for the tests';
export const labCaller = systemCaller('tester');

export interface RealLabOptions {
  /** Whom the hosts trust for VIBs. */
  roots?: readonly TrustedRoot[];
  /** Where the hosts find the files of the depot. */
  depotUrl?: string;
  drsEnabled?: boolean;
  /** esx01, esx02, …; left out: two. */
  hosts?: number;
}

export class RealLab {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'sluice-real-'));
  readonly #test: TestDatabase;
  readonly #options: RealLabOptions;
  readonly #agents = new Map<string, ChildProcess>();
  #controller: ChildProcess | null = null;
  datastoreIds: string[] = [];
  hostIds: string[] = [];
  datacenterId = '';
  clusterId = '';

  private constructor(test: TestDatabase, options: RealLabOptions) {
    this.#test = test;
    this.#options = options;
  }

  /** Hosts in a cluster, two datastores on all of them, and no VM. */
  static async open(options: RealLabOptions = {}): Promise<RealLab> {
    const lab = new RealLab(await openTestDatabase(), options);
    writeFileSync(lab.rootsFile, JSON.stringify(options.roots ?? []));
    writeFileSync(path.join(lab.folder, 'secret'), systemRandom.bytes(32));
    await lab.#seed();
    lab.startController();
    await lab.eventually(
      async () =>
        (await lab.db.hostDatastore.count({ where: { accessible: true } })) ===
        2 * lab.hostIds.length,
    );
    return lab;
  }

  get rootsFile(): string {
    return path.join(this.folder, 'roots.json');
  }

  get db(): TestDatabase['database'] {
    return this.#test.database;
  }

  async #seed(): Promise<void> {
    const { db } = this;
    this.datacenterId = await createDatacenter(db, { name: 'Lab' });
    const { datacenterId } = this;
    const enabled = this.#options.drsEnabled ?? false;
    const drs = { enabled, behavior: 'manual' as const, threshold: 3 };
    const clusterId = await createCluster(db, { name: 'Prod', datacenterId, drs });
    this.clusterId = clusterId;
    for (const name of ['ds1', 'ds2']) {
      const folder = path.join(this.folder, name);
      mkdirSync(folder);
      const place = { datacenterId, path: folder };
      this.datastoreIds.push(await createDatastore(db, { name, type: 'VMFS', ...place }));
    }
    const { datastoreIds } = this;
    for (let number = 1; number <= (this.#options.hosts ?? 2); number += 1) {
      const name = `esx${String(number).padStart(2, '0')}`;
      const agentUrl = await this.#startAgent(name);
      const host = { name, agentUrl, agentToken: LAB_TOKEN, datacenterId, clusterId, datastoreIds };
      this.hostIds.push(await registerHost(db, host));
    }
  }

  async #startAgent(name: string): Promise<string> {
    const directory = path.join(this.folder, name);
    const args = ['--name', name, '--directory', directory, '--token', LAB_TOKEN];
    const child = fork(AGENT, [...args, '--roots', this.rootsFile], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      execArgv: [],
    });
    this.#agents.set(name, child);
    const [message] = await once(child, 'message');
    return `http://127.0.0.1:${z.object({ port: z.number() }).parse(message).port}`;
  }

  /** The agent alone: what it has started runs on. */
  async killAgent(name: string): Promise<void> {
    const child = this.#agents.get(name);
    this.#agents.delete(name);
    if (!child) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  /** The whole host at once, as a loss of power would end it. */
  async killHost(name: string): Promise<void> {
    const folder = `${path.join(this.folder, name)}/`;
    for (const pid of readdirSync('/proc').filter((entry) => /^[1-9]\d*$/.test(entry))) {
      if (commandOf(pid).some((argument) => argument.startsWith(folder))) killNow(Number(pid));
    }
    await this.killAgent(name);
  }

  /** A host that was killed comes back, at another address. */
  async startHost(name: string): Promise<void> {
    const agentUrl = await this.#startAgent(name);
    await transact(this.db, async (tx) => {
      const { id } = await tx.host.update({ where: { name }, data: { agentUrl } });
      await recordChange(tx, { object: id, path: 'agentUrl' });
    });
  }

  /** The VMs that the host itself knows, as it reports them now. */
  async worldsOf(name: string): Promise<WorldReport[]> {
    const host = await this.db.host.findUniqueOrThrow({ where: { name } });
    const query = { knownRevision: -1, knownBootId: '', afterEvent: 0, waitMs: 0 };
    return (await createAgents(systemClock).call(host, report, query)).worlds;
  }

  startController(): void {
    this.#controller = fork(CONTROLLER, [], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      execArgv: [],
      env: {
        ...process.env,
        DATABASE_URL: this.#test.url,
        SLUICE_SECRET_FILE: path.join(this.folder, 'secret'),
        ...(this.#options.depotUrl ? { SLUICE_PUBLIC_URL: this.#options.depotUrl } : {}),
        LOG_LEVEL: 'fatal',
      },
    });
  }

  /** As a power failure would end it. */
  async killController(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#controller;
    this.#controller = null;
    if (!child) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }

  /** On ds1, and on esx01 unless another of the hosts is named by its index; powered on. */
  async addVm(name: string, sizes: number[], hostIndex = 0): Promise<string> {
    const hostId = this.hostIds[hostIndex] ?? '';
    const [datastoreId = ''] = this.datastoreIds;
    const vmId = await createVm(
      { db: this.db, caller: labCaller, random: systemRandom },
      {
        ...{ name, hostId, datastoreId, cpuCount: 1, memoryMib: 256, guestFullName: 'Debian' },
        ...{ disks: sizes.map((capacityBytes) => ({ capacityBytes })), powerOn: true },
      },
    );
    await this.eventually(() =>
      this.db.vm.findFirst({ where: { id: vmId, powerState: 'poweredOn', nbdPort: { gt: 0 } } }),
    );
    // The power-on task ends a moment after what it does shows.
    await this.eventually(
      async () =>
        (await this.db.task.count({ where: { targetId: vmId, completedAt: null } })) === 0,
    );
    return vmId;
  }

  submit<I, O extends ObservedTarget>(operation: Operation<I, O>, input: I): Promise<string> {
    return submit({ db: this.db, caller: labCaller, operation, input });
  }

  async run<I, O extends ObservedTarget>(operation: Operation<I, O>, input: I): Promise<Task> {
    return this.ended(await this.submit(operation, input));
  }

  ended(taskId: string): Promise<Task> {
    return this.eventually(() =>
      this.db.task.findFirst({ where: { id: taskId, completedAt: { not: null } } }),
    );
  }

  async eventually<T>(find: () => Promise<T | null | undefined | false>): Promise<T> {
    for (;;) {
      const found = await find();
      if (found !== null && found !== undefined && found !== false) return found;
      await sleep(systemClock, 100);
    }
  }

  async close(): Promise<void> {
    await this.killController('SIGTERM');
    const agents = [...this.#agents.values()];
    const exits = agents.map((agent) => once(agent, 'exit'));
    for (const agent of agents) agent.kill('SIGTERM');
    await Promise.all(exits);
    await this.#test.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function commandOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    // It has ended since.
    return [];
  }
}

function killNow(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended since.
  }
}
