// The host agent as one object: opens its stores, brings back the VMs that should run, looks after
// them, and ends them gracefully. The calls of the controller are in rpc-table.ts.
import { mkdir, readFile, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Clock } from '#lib/base/clock.ts';
import { type Random, randomUuid } from '#lib/base/random.ts';
import { trustedRootsSchema } from '#lib/formats/vib/trusted-roots.ts';
import { Fault, toFaultRecord } from '#lib/model/fault.ts';
import { type DiskFilter, filterId } from '#lib/model/filter.ts';
import { MIB } from '#lib/model/limits.ts';
import { troubleOf } from '#lib/model/vm-trouble.ts';
import type { HostReport } from '#lib/wire/agent/host-rpc.ts';
import { DatastoreSet } from '../datastore/datastore-set.ts';
import { acquireDiskLock, type DiskLock } from '../datastore/disk-lock.ts';
import type { Heartbeats } from '../datastore/locking/heartbeats.ts';
import { systemDiskFiles } from '../disk/system-disk-files.ts';
import { FilterDaemons } from '../filter-daemon/filter-daemons.ts';
import { FlashResource } from '../flash/flash-resource.ts';
import { type HostImage, openImage } from '../image/host-image.ts';
import { HostObjects } from '../volumes/host-objects.ts';
import { VsanNodes } from '../vsan/vsan-nodes.ts';
import type { LaunchFilter } from '../world/launch.ts';
import type { AgentOptions } from './agent-options.ts';
import { prepareAgentPaths } from './agent-paths.ts';
import type { HostContext } from './host-context.ts';
import { HostEvents } from './host-events.ts';
import { type HostIdentityFile, openHostIdentity } from './host-identity.ts';
import { Operations } from './operations.ts';
import { Revision } from './revision.ts';
import { VmSet } from './vm/vm-set.ts';
import { VmKeys } from './vm-keys.ts';
import { Workloads } from './workloads.ts';

const TICK_MS = 1_000;
/** Datastores are looked at every so many ticks. */
const DATASTORE_TICKS = 5;

interface Seams {
  clock: Clock;
  random: Random;
  logger: Logger;
  /** Version of the product, shown as the host's build. */
  build: string;
  /** By which its lock lives; a lease of its own without it. */
  heartbeats?: Heartbeats;
  /** Called once when another agent has taken over the directory. */
  onLockLost(reason: string): void;
}

interface Parts {
  host: HostContext;
  identity: HostIdentityFile;
  image: HostImage;
  operations: Operations;
  workloads: Workloads;
  daemons: FilterDaemons;
  options: AgentOptions;
  build: string;
  lock: DiskLock;
}

export class HostAgent {
  readonly host: HostContext;
  readonly identity: HostIdentityFile;
  readonly image: HostImage;
  readonly operations: Operations;
  readonly workloads: Workloads;
  readonly daemons: FilterDaemons;
  readonly vms: VmSet;
  readonly bootId: string;
  readonly #options: AgentOptions;
  readonly #build: string;
  readonly #lock: DiskLock;
  readonly #vsanNodes: VsanNodes;
  #ticks = 0;
  #stopped = false;

  private constructor(parts: Parts) {
    this.host = parts.host;
    this.identity = parts.identity;
    this.image = parts.image;
    this.operations = parts.operations;
    this.workloads = parts.workloads;
    this.daemons = parts.daemons;
    this.vms = new VmSet(parts.host);
    this.bootId = randomUuid(parts.host.random);
    this.#options = parts.options;
    this.#build = parts.build;
    this.#lock = parts.lock;
    this.#vsanNodes = new VsanNodes(parts.host);
  }

  /**
   * Throws `FileLocked` when another agent runs in the directory, and faults about what it cannot
   * read.
   */
  static async open(options: AgentOptions, seams: Seams): Promise<HostAgent> {
    const { clock, random, logger, build } = seams;
    const paths = await prepareAgentPaths(options.directory);
    const lock = await lockDirectory(paths.lock, options.name, seams);
    lock.onLost(seams.onLockLost);
    await rm(paths.downloads, { recursive: true, force: true });
    await mkdir(paths.downloads, { mode: 0o700 });
    const revision = new Revision(clock);
    const events = await HostEvents.open(paths.events, clock, revision);
    const identity = await openHostIdentity(paths.identity, { name: options.name, random });
    const trustedRoots = trustedRootsSchema.parse(
      JSON.parse(await readFile(options.roots, 'utf8')),
    );
    const image = await openImage({ directory: paths.image, trustedRoots, clock });
    const datastores = new DatastoreSet(clock);
    await datastores.mount(identity.value.datastores);
    const daemons = new FilterDaemons({
      ...{ clock, runtime: paths.runtime, logs: paths.logs },
      installed: () => image.listFilters(),
      host: () => ({ id: identity.value.hostId, name: identity.value.name }),
      flash: () => ({ directory: paths.flash, hostUuid: identity.value.hostUuid }),
      networkAddress: options.daemonAddress,
      onListening: () => revision.bump(),
      onEvent: (severity, message) => {
        const event = { type: 'IoFilterDaemonEnded', severity, message };
        events.add(event).catch((err: unknown) => logger.error({ err }, message));
      },
    });
    const who = () => ({ hostUuid: identity.value.hostUuid, hostName: identity.value.name });
    const storage = () => ({
      datastores: datastores.list().map(({ config }) => config),
      rawDevices: { allow: options.rawDevices },
    });
    const objects = new HostObjects({
      ...{ storage, host: who(), clock, random },
      log: (level, message) => (level === 'info' ? logger.info(message) : logger.warn(message)),
    });
    const flashResource = await FlashResource.open(paths.flash, options.flash * MIB);
    const host: HostContext = {
      ...{ flash: { directory: paths.flash, capacityBytes: 0 }, flashResource },
      ...{ clock, random, logger, paths, events, revision, datastores, who, storage, objects },
      files: { ...systemDiskFiles, objects },
      keys: new VmKeys(clock, random),
      inMaintenance: () => identity.value.maintenanceMode,
      findFilter: (filter) => findFilter(image, filter, (name) => daemons.socketPathOf(name)),
      troubleOf: (thrown) => troubleOf(toFaultRecord(thrown), (name) => filterIdOf(image, name)),
      worldMemoryMaxMib: (filters) => worldMemoryMaxMib(image, filters, options.worldMemory),
    };
    const operations = await Operations.open(paths.operations, revision);
    const workloads = await Workloads.open(host, join(paths.root, 'workloads.jsonl'));
    const agent = new HostAgent({
      ...{ host, identity, image, operations, workloads, daemons, options, build, lock },
    });
    await agent.vms.load();
    return agent;
  }

  /** Starts to look after the VMs: finds those that run, starts those that should. */
  start(): void {
    if (this.#stopped) return;
    this.#ticks += 1;
    this.daemons.tick();
    this.#vsanNodes.tick(this.host.datastores.list().map(({ config }) => config));
    for (const runner of this.vms.list()) void runner.tick();
    this.host.keys.sweep((vmId) => {
      return this.vms.isWanted(vmId) ? this.vms.require(vmId).record.spec.disks : null;
    });
    if (this.#ticks % DATASTORE_TICKS === 0) this.#refreshDatastores();
    this.host.clock.after(TICK_MS, () => this.start());
  }

  product(): HostReport['product'] {
    return {
      version: this.#options.version,
      build: this.#build,
      acceptanceLevel: this.image.acceptanceLevel,
      cpuCores: this.#options.cpu,
      memoryMib: this.#options.memory,
    };
  }

  /**
   * Ends workloads and worlds gracefully. VMs that are on stay on in the records: the next start
   * brings them back.
   */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.workloads.close();
    // A copy of hours must not keep the host from stopping: what it made is taken back.
    this.operations.cancelAll();
    const runners = this.vms.list();
    await Promise.allSettled(runners.map((runner) => runner.exclusively(() => runner.shutDown())));
    await this.daemons.stop();
    // Last: the disks of the VMs were on them.
    this.#vsanNodes.stop();
    await this.operations.close();
    await this.host.events.close();
    await this.#lock.release();
    // Of use only while something listens in it.
    await rmdir(this.host.paths.runtime).catch(() => undefined);
  }

  #refreshDatastores(): void {
    const { datastores, revision, events, logger } = this.host;
    datastores.refresh(({ config, accessible, message }, before) => {
      revision.bump();
      if (before.accessible === accessible) return;
      const event = {
        type: accessible ? 'DatastoreAccessible' : 'DatastoreInaccessible',
        severity: accessible ? 'info' : 'error',
        message: accessible
          ? `The datastore ${config.name} is accessible again.`
          : `The datastore ${config.name} is not accessible: ${message}`,
      } as const;
      events.add(event).catch((err: unknown) => logger.error({ err }, 'an event was lost'));
    });
  }
}

async function lockDirectory(path: string, name: string, seams: Seams): Promise<DiskLock> {
  const { clock, random, heartbeats } = seams;
  const owner = { hostUuid: '', hostName: name, vmId: '' };
  const request = { descriptorPath: path, owner, clock, random, ...(heartbeats && { heartbeats }) };
  return acquireDiskLock(request).catch((cause: unknown) => {
    if (!(cause instanceof Fault)) throw cause;
    throw new Fault('FileLocked', `Another host agent runs in ${path}.`, { cause });
  });
}

/** What policies let filters keep in memory comes on top: their properties in MiB say it. */
function worldMemoryMaxMib(
  image: HostImage,
  filters: readonly DiskFilter[],
  baseMib: number,
): number {
  const manifests = image.list().flatMap((vib) => vib.filter ?? []);
  return filters.reduce((sum, { name, properties }) => {
    const sizes = manifests
      .filter((manifest) => manifest.name === name)
      .flatMap((manifest) => manifest.properties)
      .filter(({ unit }) => unit === 'MiB')
      .map((property) => Number(properties[property.name] ?? property.default));
    return sizes.reduce((total, size) => total + Math.max(size || 0, 0), sum);
  }, baseMib);
}

function filterIdOf(image: HostImage, filterName: string): string | null {
  const vib = image.list().find(({ filter }) => filter?.name === filterName);
  return vib ? filterId({ ...vib.descriptor, name: filterName }) : null;
}

function findFilter(
  image: HostImage,
  filter: DiskFilter,
  socketPathOf: (name: string) => string,
): LaunchFilter | null {
  const found = image.findFilter(filter.name);
  if (!found || found.manifest.class !== filter.class) return null;
  const { name, properties } = filter;
  const { manifest, entryPath } = found;
  const { class: filterClass, entrySha256, daemon } = manifest;
  const daemonSocketPath = daemon ? socketPathOf(name) : undefined;
  return { name, class: filterClass, properties, entryPath, entrySha256, daemonSocketPath };
}
