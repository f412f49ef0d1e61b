// A host agent for tests, in memory: it speaks the calls of lib/wire/agent over HTTP with their
// schemas, keeps VIBs, worlds and modes, and can be told to fail a call or to be down.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { z } from 'zod';
import { systemRandom } from '../../base/system-random.ts';
import { SealedBox } from '../../formats/sealed-box/sealed-box.ts';
import { Fault, toFaultRecord } from '../../model/fault.ts';
import type { DiskFilter } from '../../model/filter.ts';
import { type DaemonPeers, setDaemonPeers } from '../../wire/agent/daemon-rpc.ts';
import * as diskCalls from '../../wire/agent/disk-rpc.ts';
import * as calls from '../../wire/agent/host-rpc.ts';
import { decodeKeys, type HostKey } from '../../wire/agent/key-bytes.ts';
import { putKeys, readFilterProgress, readKeyBox } from '../../wire/agent/key-rpc.ts';
import { type LockSign, readLockSigns } from '../../wire/agent/lock-rpc.ts';
import type { Rpc } from '../../wire/agent/rpc.ts';
import { addDiskCalls, TestLayouts } from './test-layouts.ts';

type Method = (input: unknown) => unknown;

/** Where running VMs may be handed over to, by control socket path. */
const places = new Map<string, TestAgent>();

export class TestAgent {
  readonly name: string;
  readonly report: calls.HostReport;
  /** Calls that changed something, by name, in order. */
  readonly calls: { name: string; operationKey: string }[] = [];
  /** Keys that it was given, by VM. */
  readonly keys = new Map<string, HostKey[]>();
  /** The daemons of other hosts that it was told of, by filter. */
  daemonPeers: DaemonPeers = {};
  /** What it sees of a disk's lock, by the path of the disk; free without an entry. */
  readonly locks = new Map<string, () => Pick<LockSign, 'state' | 'hostUuid' | 'sign'>>();
  /** What the next calls of these names throw. */
  readonly failures = new Map<string, Fault>();
  /** What installing a VIB by this URL brings. */
  readonly vibsByUrl: (url: string) => calls.InstalledVib | undefined;
  /** Awaited before the call is carried out. */
  readonly gates = new Map<string, Promise<void>>();
  readonly #keyBox = new SealedBox(systemRandom);
  readonly #server: Server;
  readonly #methods = new Map<string, Method>();
  readonly #answers = new Map<string, Promise<unknown>>();
  readonly #waiting = new Set<() => void>();
  #port = 0;

  constructor(
    name: string,
    vibsByUrl: TestAgent['vibsByUrl'],
    layouts: TestLayouts = new TestLayouts(),
  ) {
    this.name = name;
    this.vibsByUrl = vibsByUrl;
    this.report = emptyReport(name);
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) => response.destroy(asError(error)));
    });
    this.#addMethods();
    addDiskCalls((rpc, run) => this.#on(rpc, run), layouts);
  }

  async start(): Promise<void> {
    await new Promise<void>((done) => this.#server.listen(this.#port, '127.0.0.1', done));
    const { port } = this.#server.address() as AddressInfo;
    this.#port = port;
  }

  /** As a killed process: connections break, nothing listens. Its worlds run on. */
  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((done) => this.#server.close(() => done()));
    this.report.bootId = `${this.report.bootId}+`;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  world(vmId: string): calls.WorldReport | undefined {
    return this.report.worlds.find((world) => world.vmId === vmId);
  }

  /** Says that something in the report has changed. */
  changed(): void {
    this.report.revision += 1;
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  #on<I extends z.ZodType, O extends z.ZodType>(
    rpc: Rpc<I, O>,
    run: (input: z.output<I>) => z.input<O> | Promise<z.input<O>>,
  ): void {
    this.#methods.set(rpc.name, async (body) => {
      const input = rpc.input.parse(body);
      return rpc.output.parse(await run(input));
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const name = (request.url ?? '').replace('/rpc/', '');
    const body: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    try {
      const answer = await this.#call(name, body);
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
    } catch (error) {
      response.writeHead(409).end(JSON.stringify(toFaultRecord(error)));
    }
  }

  async #call(name: string, body: unknown): Promise<unknown> {
    const method = this.#methods.get(name);
    if (!method) throw new Fault('NotFound', `There is no call ${name}.`);
    const key = operationKeyOf(body);
    if (key === null) return method(body);
    if (name === 'cancelOperation') {
      // Its key is that of the operation that shall stop.
      this.calls.push({ name, operationKey: key });
      return method(body);
    }
    const known = this.#answers.get(key);
    if (known !== undefined) return known;
    this.calls.push({ name, operationKey: key });
    const answer = this.#perform(name, method, body);
    this.#answers.set(key, answer);
    answer.catch(() => this.#answers.delete(key));
    return answer;
  }

  async #perform(name: string, method: Method, body: unknown): Promise<unknown> {
    await this.gates.get(name);
    const failure = this.failures.get(name);
    if (failure) throw failure;
    const answer = await method(body);
    this.changed();
    return answer;
  }

  async #report(query: { knownRevision: number; knownBootId: string; waitMs: number }) {
    const { revision, bootId } = this.report;
    if (query.knownRevision === revision && query.knownBootId === bootId && query.waitMs > 0) {
      await new Promise<void>((wake) => {
        const timer = setTimeout(wake, query.waitMs);
        timer.unref();
        this.#waiting.add(() => {
          clearTimeout(timer);
          wake();
        });
      });
    }
    return this.report;
  }

  #addMethods(): void {
    this.#on(calls.report, async (query) => ({
      ...(await this.#report(query)),
      events: this.report.events.filter(({ sequence }) => sequence > query.afterEvent),
    }));
    this.#on(calls.configure, ({ hostId, datastores }) => {
      this.report.hostId = hostId;
      this.report.datastores = datastores.map(({ path: _, ...datastore }) => ({
        ...datastore,
        ...{ accessible: true, capacityBytes: 2e12, freeBytes: 1e12, message: '' },
      }));
      this.changed();
      return {};
    });
    this.#on(calls.setMaintenanceMode, ({ enabled }) => {
      this.report.maintenanceMode = enabled;
      this.changed();
      return {};
    });
    this.#on(readLockSigns, ({ disks }) => ({
      signs: disks.map((disk) => {
        const seen = this.locks.get(disk.path)?.() ?? { state: 'free', hostUuid: '', sign: '' };
        return { ...disk, ...seen, message: '' };
      }),
    }));
    this.#on(setDaemonPeers, ({ peers }) => {
      this.daemonPeers = peers;
      return {};
    });
    this.#addImageMethods();
    this.#addVmMethods();
    this.#addMigrationMethods();
  }

  #addImageMethods(): void {
    this.#on(calls.installVib, ({ url, vibId, upgrade }) => {
      const vib = this.vibsByUrl(url);
      if (!vib) throw new Fault('VibDownloadError', `${url} cannot be downloaded.`);
      if (this.report.vibs.some(({ id }) => id === vibId)) return { vibId, alreadyInstalled: true };
      if (upgrade) this.#makeRoomFor(vib);
      this.report.vibs.push(vib);
      return { vibId, alreadyInstalled: false };
    });
    this.#on(calls.removeVib, ({ vibId }) => {
      this.report.vibs = this.report.vibs.filter(({ id }) => id !== vibId);
      return {};
    });
  }

  /** As a host: not while a VM that is on uses the filter. */
  #makeRoomFor({ descriptor, filter }: calls.InstalledVib): void {
    const users = this.report.worlds.filter(
      ({ powerState, disks }) =>
        powerState === 'poweredOn' &&
        disks.some(({ filters }) => filters.some(({ name }) => name === filter?.name)),
    );
    if (users.length > 0) throw new Fault('FilterInUse', `${users[0]?.vmId} uses the filter.`);
    this.report.vibs = this.report.vibs.filter(
      (other) => other.descriptor.name !== descriptor.name,
    );
  }

  #addVmMethods(): void {
    this.#on(calls.createVm, () => ({ warnings: [] }));
    this.#on(calls.powerOnVm, ({ vm }) => {
      if (!this.world(vm.vmId)) this.report.worlds.push(newWorld(vm));
      const world = this.world(vm.vmId);
      Object.assign(world ?? {}, { powerState: 'poweredOn', state: 'running', pid: 4711 });
      return { nbdPort: world?.nbdPort ?? 0, nbdSocketPath: world?.nbdSocketPath ?? '' };
    });
    this.#on(calls.powerOffVm, ({ vmId }) => {
      const world = this.world(vmId);
      Object.assign(world ?? {}, { powerState: 'poweredOff', state: 'off', pid: null });
      return {};
    });
    this.#on(diskCalls.suspendVm, ({ vmId }) => {
      const world = this.world(vmId);
      Object.assign(world ?? {}, { powerState: 'suspended', state: 'off', pid: null });
      return {};
    });
    this.#on(diskCalls.resetVm, ({ vmId }) => {
      Object.assign(this.world(vmId) ?? {}, { pid: 4712 });
      return {};
    });
    this.#on(calls.unregisterVm, ({ vmId }) => {
      this.report.worlds = this.report.worlds.filter((world) => world.vmId !== vmId);
      return {};
    });
    this.#on(calls.setDiskFilters, ({ vm, diskKey, filters }) => {
      const disk = this.world(vm.vmId)?.disks.find(({ key }) => key === diskKey);
      if (disk) disk.filters = filters;
      return { pauseMs: 3, heldIos: 2 };
    });
    this.#on(readKeyBox, () => ({ publicKey: this.#keyBox.publicKey }));
    this.#on(putKeys, ({ vmId, sealed }) => {
      this.keys.set(vmId, decodeKeys(this.#keyBox.open(vmId, sealed)));
      return {};
    });
    this.#on(readFilterProgress, () => ({
      progress: [
        { filter: 'encryption', step: 'Encrypted', percent: 100, done: true, trouble: '' },
      ],
    }));
    this.#on(calls.sampleVms, () => ({
      samples: this.report.worlds
        .filter(({ state }) => state === 'running')
        .map(({ vmId }) => ({ vmId, sample: { ...SAMPLE, at: Date.now() } })),
    }));
  }

  #addMigrationMethods(): void {
    this.#on(calls.prepareIncoming, ({ vm }) => {
      const controlSocketPath = `/test/${this.name}/${vm.vmId}`;
      places.set(controlSocketPath, this);
      const launch = { file: 'node', args: [], env: {} };
      return { vmId: vm.vmId, launch, controlSocketPath };
    });
    this.#on(calls.migrateOut, ({ vmId, ticket }) => {
      const world = this.world(vmId);
      const place = places.get(ticket.controlSocketPath);
      if (!world || !place) throw new Fault('MigrationFault', `${vmId} does not run here.`);
      this.report.worlds = this.report.worlds.filter((other) => other !== world);
      place.report.worlds.push(world);
      place.changed();
      return { pauseMs: 12, heldIos: 7, connections: 1 };
    });
    this.#on(calls.finishIncoming, ({ vmId }) => ({ arrived: this.world(vmId) !== undefined }));
  }
}

const RATE = { iops: 10, bytesPerSecond: 40_960 };
const SAMPLE = {
  intervalMs: 1000,
  cpu: 0.25,
  residentBytes: 50_000_000,
  disks: [
    {
      diskKey: 2000,
      read: RATE,
      write: RATE,
      otherIops: 0,
      errorsPerSecond: 0,
      inFlight: 1,
      connections: 1,
      latency: null,
      filters: [],
    },
  ],
};

function newWorld(vm: calls.VmRunSpec): calls.WorldReport {
  const filters = (all: DiskFilter[]) => all;
  return {
    vmId: vm.vmId,
    powerState: 'poweredOn',
    state: 'running',
    ...{ message: '', trouble: null },
    pid: 4711,
    nbdPort: vm.nbdPort || 10_809,
    nbdSocketPath: `/run/${vm.vmId}.sock`,
    disks: vm.disks.map(({ key, filters: all }) => ({
      key,
      filters: filters(all),
      connections: 0,
    })),
  };
}

function emptyReport(name: string): calls.HostReport {
  const digits = name.replace(/\D/g, '').padStart(12, '0');
  return {
    revision: 1,
    bootId: `boot-${name}`,
    hostUuid: `00000000-0000-4000-8000-${digits}`,
    hostId: '',
    product: {
      version: '8.0.0',
      build: '1',
      acceptanceLevel: 'PartnerSupported',
      cpuCores: 8,
      memoryMib: 16_384,
    },
    maintenanceMode: false,
    vibs: [],
    datastores: [],
    worlds: [],
    operations: [],
    workloads: [],
    events: [],
  };
}

function operationKeyOf(body: unknown): string | null {
  const hasKey = typeof body === 'object' && body !== null && 'operationKey' in body;
  return hasKey ? String(body.operationKey) : null;
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
