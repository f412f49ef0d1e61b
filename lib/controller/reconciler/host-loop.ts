// Follows one host by long poll: writes what it reports, mends what differs from what is wanted,
// and says so when the host does not answer.
import { z } from 'zod';
import { backoffMs } from '../../base/backoff.ts';
import { sleep } from '../../base/clock.ts';
import type { Mutex } from '../../base/mutex.ts';
import { Fault } from '../../model/fault.ts';
import { type HostReport, report as reportRpc } from '../../wire/agent/host-rpc.ts';
import { isUnreachable } from '../agents/agent-client.ts';
import { recordChange, recordChanges } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import type { Host } from '../database/generated/client.ts';
import { ObjectReader } from '../datastores/object-reader.ts';
import { type DatastoreOptions, openOptions, shownOptions } from '../datastores/sealed-options.ts';
import { postEvent } from '../events/post-event.ts';
import { LayoutReader } from '../layouts/layout-reader.ts';
import type { TaskServices } from '../tasks/task-context.ts';
import { applyReport } from './apply-report.ts';
import { giveLostKeys } from './give-lost-keys.ts';
import { Mender } from './mend.ts';
import { namePolicies } from './name-policies.ts';
import { planMending, type WantedHost, type WantedVm } from './plan-mending.ts';
import { DaemonPeersTeller } from './tell-daemon-peers.ts';

const mountOptionsSchema = z.record(z.string(), z.string());
const WAIT_MS = 15_000;
/** An agent restarts within this time; only then the host counts as not responding. */
const GRACE_MS = 4_000;
/**
 * A report that says nothing new is written again only so often, in milliseconds: a thousand hosts
 * answer every fifteen seconds each.
 */
const UNCHANGED_MS = 60_000;
const RETRY = { firstMs: 200, maxMs: 3_000 };
/** Until disks that could not be told their policy are looked at again. */
const NAME_POLICIES_MS = 60_000;

export interface HostLoopOptions {
  services: TaskServices;
  host: Host;
  /** The last reports of all hosts, by host id: who runs what. Each loop keeps its own entry. */
  reports: Map<string, HostReport>;
  /** Reports of one lane are written one after the other. */
  lane: Mutex;
  /** Asks for the filters of the cluster that the host has joined. */
  onJoining: (host: Host, filterIds: string[]) => Promise<void>;
  signal: AbortSignal;
}

export class HostLoop {
  readonly #options: HostLoopOptions;
  readonly #mender: Mender;
  readonly #layouts: LayoutReader;
  readonly #objects: ObjectReader;
  readonly #daemonPeers: DaemonPeersTeller;
  #host: Host;
  #failingSince: number | null = null;
  /** When a report was written last; null when the next one must be. */
  #appliedAt: number | null = null;
  /** When disks are next looked at that may lack the name of their policy; then never again. */
  #namePoliciesAt = 0;

  constructor(options: HostLoopOptions) {
    this.#options = options;
    this.#host = options.host;
    this.#mender = new Mender(options.services, options.services.logger);
    this.#layouts = new LayoutReader(options.services);
    this.#objects = new ObjectReader(options.services);
    this.#daemonPeers = new DaemonPeersTeller(options.services);
  }

  /** Runs until the signal aborts. */
  async run(): Promise<void> {
    const { services, reports, signal } = this.#options;
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        await this.#followOnce();
        attempt = -1;
      } catch (error) {
        if (signal.aborted) break;
        await this.#onFailure(error);
        await sleep(services.clock, backoffMs(RETRY, attempt), signal);
      }
    }
    reports.delete(this.#host.id);
  }

  async #followOnce(): Promise<void> {
    const { services, reports, signal } = this.#options;
    const { agents, db, clock } = services;
    const known = reports.get(this.#host.id);
    const query = {
      knownRevision: known?.revision ?? -1,
      knownBootId: known?.bootId ?? '',
      afterEvent: this.#host.eventCursor,
      // While something waits to be mended it is looked at again soon.
      waitMs: known ? WAIT_MS : 0,
    };
    const found = await agents.call(this.#host, reportRpc, query, { signal });
    if (this.#isWritten(known, found) && (await this.#markSeen())) return;
    const applied = await this.#options.lane.run(() =>
      applyReport({ db, now: clock.now() }, this.#host.id, found),
    );
    if (!applied) {
      // An older report than one that is written, or a host that is about to leave the loop.
      await sleep(clock, RETRY.firstMs, signal);
      return;
    }
    await this.#recordWorkloads(known, found);
    this.#host = applied.host;
    this.#failingSince = null;
    this.#appliedAt = clock.monotonic();
    reports.set(this.#host.id, found);
    await this.#mend(found);
    if (applied.joining.length > 0) await this.#options.onJoining(this.#host, applied.joining);
  }

  #isWritten(known: HostReport | undefined, found: HostReport): boolean {
    if (this.#failingSince !== null || this.#appliedAt === null) return false;
    if (known?.bootId !== found.bootId || known.revision !== found.revision) return false;
    return this.#options.services.clock.monotonic() - this.#appliedAt < UNCHANGED_MS;
  }

  /** False for a host that is not connected any more by what is written. */
  async #markSeen(): Promise<boolean> {
    const { db, clock } = this.#options.services;
    const { count } = await db.host.updateMany({
      where: { id: this.#host.id, connectionState: 'connected' },
      data: { lastSeenAt: new Date(clock.now()) },
    });
    return count > 0;
  }

  /** Looks at the last report again: what is wanted may have changed since. */
  async reconsider(): Promise<void> {
    const { services, reports } = this.#options;
    const last = reports.get(this.#host.id);
    const host = await services.db.host.findUnique({ where: { id: this.#host.id } });
    if (!last || !host || this.#failingSince !== null) return;
    this.#host = { ...host, eventCursor: this.#host.eventCursor };
    await this.#mend(last);
  }

  async #mend(found: HostReport): Promise<void> {
    const wanted = await readWantedHost(this.#options.services, this.#host);
    const vms = await readWantedVms(this.#options, this.#host, found);
    const mendings = planMending(wanted, vms, found);
    this.#mender.start(this.#host, wanted, mendings);
    this.#layouts.start(this.#host);
    this.#objects.start(this.#host, found);
    await giveLostKeys(this.#options.services, this.#host, found);
    await this.#namePolicies();
    await this.#daemonPeers.tell(this.#host, this.#options.reports);
  }

  async #namePolicies(): Promise<void> {
    const { services } = this.#options;
    const now = services.clock.monotonic();
    if (now < this.#namePoliciesAt) return;
    this.#namePoliciesAt = now + NAME_POLICIES_MS;
    if (await namePolicies(services, this.#host)) this.#namePoliciesAt = Number.POSITIVE_INFINITY;
  }

  async #recordWorkloads(before: HostReport | undefined, now: HostReport): Promise<void> {
    const text = (found: HostReport | undefined, vmId: string) =>
      JSON.stringify(found?.workloads.filter((workload) => workload.vmId === vmId) ?? []);
    const all = [...(before?.workloads ?? []), ...now.workloads].map(({ vmId }) => vmId);
    const vmIds = [...new Set(all)].filter((id) => text(before, id) !== text(now, id));
    if (vmIds.length === 0) return;
    await transact(this.#options.services.db, (tx) =>
      recordChanges(
        tx,
        vmIds.map((id) => ({ object: id, path: 'workloads' })),
      ),
    );
  }

  async #onFailure(error: unknown): Promise<void> {
    const { services } = this.#options;
    const now = services.clock.monotonic();
    this.#failingSince ??= now;
    if (!isUnreachable(error)) services.logger.warn({ err: error }, 'host report failed');
    // What is no fault is ours (the database is away), and says nothing of the host.
    if (!(error instanceof Fault)) return;
    const { message } = error;
    if (now - this.#failingSince < GRACE_MS) return;
    try {
      await markNotResponding(services, this.#host.id, message);
    } catch (failure) {
      services.logger.warn({ err: failure }, 'a lost host could not be written');
    }
  }
}

async function readWantedHost(services: TaskServices, host: Host): Promise<WantedHost> {
  const { db } = services;
  const mounts = await db.hostDatastore.findMany({
    where: { hostId: host.id },
    include: {
      datastore: { select: { id: true, name: true, type: true, path: true, options: true } },
    },
  });
  const { id, name, maintenanceState } = host;
  const wanted = mounts.map(({ datastore: { options, ...datastore } }) => ({
    ...datastore,
    options: openedOptions(services, datastore.name, mountOptionsSchema.parse(options)),
  }));
  return { id, name, maintenanceState, mounts: wanted };
}

/** Without the secrets where they cannot be opened: the host then says what is missing. */
function openedOptions(
  { sealer, logger }: TaskServices,
  datastore: string,
  options: DatastoreOptions,
): Record<string, string> {
  try {
    return openOptions(sealer, options);
  } catch (err) {
    logger.error({ err, datastore }, 'the options of a datastore cannot be opened');
    return shownOptions(options);
  }
}

/**
 * The VMs registered on the host, and those that it reports though they are registered elsewhere.
 */
async function readWantedVms(
  { services, reports }: HostLoopOptions,
  host: Host,
  found: HostReport,
): Promise<WantedVm[]> {
  const { db } = services;
  const reported = found.worlds.map(({ vmId }) => vmId);
  const vms = await db.vm.findMany({
    where: { OR: [{ hostId: host.id }, { id: { in: reported } }] },
    select: { id: true, hostId: true, desiredPowerState: true },
  });
  const tasks = await db.task.findMany({
    where: { targetId: { in: vms.map(({ id }) => id) }, state: { in: ['queued', 'running'] } },
    select: { targetId: true },
  });
  const held = new Set(tasks.map(({ targetId }) => targetId));
  return vms.map((vm) => {
    const home = reports.get(vm.hostId);
    const world = home?.worlds.find(({ vmId }) => vmId === vm.id);
    const runsAtHome = home ? world?.powerState === 'poweredOn' : null;
    return { ...vm, hasTask: held.has(vm.id), runsAtHome };
  });
}

async function markNotResponding(
  { db }: TaskServices,
  hostId: string,
  reason: string,
): Promise<void> {
  await transact(db, async (tx) => {
    const { count } = await tx.host.updateMany({
      where: { id: hostId, connectionState: 'connected' },
      data: { connectionState: 'notResponding', connectionReason: reason },
    });
    if (count === 0) {
      await tx.host.updateMany({
        where: { id: hostId, connectionState: 'notResponding' },
        data: { connectionReason: reason },
      });
      return;
    }
    const host = await tx.host.findUniqueOrThrow({ where: { id: hostId } });
    await postEvent(tx, {
      type: 'HostConnectionLostEvent',
      severity: 'error',
      message: `${host.name} is not responding: ${reason}`,
      objects: [hostId],
    });
    await recordChange(tx, { object: hostId, path: 'connectionState', value: 'notResponding' });
  });
}
