// vSphere HA: watches the hosts of clusters that have it, by two ways, and asks for a failover of
// those that are silent on both. What it has seen is in memory; a controller that takes over looks
// anew, which only takes longer.
import { sleep } from '../../base/clock.ts';
import { Fault } from '../../model/fault.ts';
import { type HostWatch, judgeHostLife, watchHost } from '../../rules/ha/host-life.ts';
import { planRestarts } from '../../rules/ha/restarts.ts';
import type { Change } from '../changes/follow-changes.ts';
import { recordChanges } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import type { Cluster, Host } from '../database/generated/client.ts';
import { postEvent } from '../events/post-event.ts';
import { systemCaller } from '../permissions/caller.ts';
import { submit } from '../tasks/submit.ts';
import type { TaskServices } from '../tasks/task-context.ts';
import { failOverHost } from './fail-over-host.ts';
import { readCoolingVms } from './ha-retries.ts';
import { findFailedHost, readLostVms } from './ha-store.ts';
import { forgetTrouble, saveTrouble } from './ha-trouble.ts';
import { readHostSigns } from './host-signs.ts';
import { type HostFinding, markHost } from './mark-host.ts';

/** How often silent hosts are looked at. */
const LOOK_MS = 2_000;
/** How often all are, when none is silent. */
const PERIOD_MS = 10_000;
/** Between two failovers of one host. */
const PAUSE_MS = 10_000;

const WAKING = new Set(['connectionState', 'ha', 'cluster', 'maintenanceState', 'vibs']);

type WatchedHost = Host & { cluster: Cluster | null };

export class HaLoop {
  readonly #services: TaskServices;
  readonly #signal: AbortSignal;
  readonly #watches = new Map<string, HostWatch>();
  #wake = new AbortController();

  constructor(services: TaskServices, signal: AbortSignal) {
    this.#services = services;
    this.#signal = signal;
  }

  onChanges(changes: Change[]): void {
    if (changes.some(({ path }) => WAKING.has(path))) this.#wake.abort();
  }

  /** Runs until the signal aborts. */
  async run(): Promise<void> {
    const { clock, logger } = this.#services;
    const stop = () => this.#wake.abort();
    this.#signal.addEventListener('abort', stop);
    while (!this.#signal.aborted) {
      this.#wake = new AbortController();
      let silent = 0;
      try {
        silent = await this.#look();
      } catch (error) {
        logger.warn({ err: error }, 'vSphere HA could not look at the hosts');
      }
      // What it writes itself wakes it too: a pause keeps that from going round.
      await sleep(clock, LOOK_MS, this.#signal);
      if (silent === 0) await sleep(clock, PERIOD_MS - LOOK_MS, this.#wake.signal);
    }
    this.#signal.removeEventListener('abort', stop);
  }

  /** Returns how many hosts it must go on looking at. */
  async #look(): Promise<number> {
    const hosts = await this.#services.db.host.findMany({
      where: { OR: [{ cluster: { haEnabled: true } }, { haState: { not: '' } }] },
      include: { cluster: true },
    });
    let silent = 0;
    for (const host of hosts) {
      if (this.#signal.aborted) break;
      const finding = await this.#judge(host);
      const { cluster: _, ...row } = host;
      await markHost({ db: this.#services.db, now: this.#services.clock.now() }, row, finding);
      if (isSilent(host)) silent += 1;
      if (finding.state === 'hostDown') await this.#failOver(host.id);
    }
    await forgetTrouble(this.#services.db);
    for (const id of this.#watches.keys()) {
      if (!hosts.some((host) => host.id === id && isSilent(host))) this.#watches.delete(id);
    }
    return silent;
  }

  async #judge(host: WatchedHost): Promise<HostFinding> {
    const { clock } = this.#services;
    if (!host.cluster?.haEnabled || host.connectionState === 'disconnected') return UNWATCHED;
    if (host.connectionState === 'connected') return { state: 'connected', reason: '' };
    if (host.haState === 'hostDown') return { state: 'hostDown', reason: host.haReason };
    const seen = await readHostSigns(this.#services, host);
    const now = clock.monotonic();
    const before = this.#watches.get(host.id) ?? null;
    const watch = watchHost(before, seen, { now, hostUuid: host.hostUuid ?? '' });
    this.#watches.set(host.id, watch);
    const life = judgeHostLife(watch, now);
    if (life === 'alive') return { state: 'networkIsolated', reason: ISOLATED };
    if (life === 'undetermined') return undetermined(host, watch);
    if (!host.cluster.haHostMonitoring) {
      return { state: 'agentUnreachable', reason: 'Host monitoring is off.' };
    }
    return { state: 'hostDown', reason: DOWN };
  }

  async #failOver(hostId: string): Promise<void> {
    const { db, clock, logger } = this.#services;
    const failed = await findFailedHost(db, hostId);
    if (!failed?.isDown) return;
    const lost = await readLostVms(db, failed);
    if (lost.length === 0) return;
    const { host, others } = failed;
    const { waiting } = planRestarts(host, lost, others);
    await this.#nameWaiting(host, waiting, new Map(lost.map(({ vm }) => [vm.id, vm.name])));
    const last = await db.task.findFirst({
      where: { targetId: hostId, operation: failOverHost.key },
      orderBy: { queuedAt: 'desc' },
    });
    if (last && last.completedAt === null) return;
    const isFirst = !last || last.queuedAt.getTime() < (host.haSince?.getTime() ?? 0);
    if (!isFirst && clock.now() < (last?.completedAt?.getTime() ?? 0) + PAUSE_MS) return;
    const held = await this.#heldVms(lost.map(({ vm }) => vm.id));
    const cooling = await readCoolingVms(db, host, clock.now());
    const ready = lost.filter(({ vm }) => !held.has(vm.id) && !cooling.has(vm.id));
    if (!isFirst && planRestarts(host, ready, others).restarts.length === 0) return;
    try {
      const caller = systemCaller('vSphere HA');
      const input = { hostId };
      await submit({ db, caller, operation: failOverHost, input, besideOthers: true });
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      logger.info({ host: host.name, reason: error.message }, 'a failover was not begun');
    }
  }

  /** VMs that a task holds: it ends when it has found that the host is gone. */
  async #heldVms(vmIds: string[]): Promise<Set<string>> {
    const tasks = await this.#services.db.task.findMany({
      where: { targetId: { in: vmIds }, state: { in: ['queued', 'running'] } },
      select: { targetId: true },
    });
    return new Set(tasks.map(({ targetId }) => targetId));
  }

  async #nameWaiting(
    host: Host,
    waiting: ReturnType<typeof planRestarts>['waiting'],
    names: ReadonlyMap<string, string>,
  ): Promise<void> {
    if (waiting.length === 0) return;
    await transact(this.#services.db, async (tx) => {
      const changed: string[] = [];
      for (const { vmId, reasons } of waiting) {
        if (!(await saveTrouble(tx, host, { vmId, reasons }))) continue;
        changed.push(vmId);
        const why = [...new Set(reasons.map(({ message }) => message))].join(' ');
        await postEvent(tx, {
          type: 'VmFailoverFailed',
          severity: 'error',
          message: `vSphere HA cannot restart ${names.get(vmId) ?? vmId} of ${host.name}: ${why}`,
          objects: [vmId, host.id],
        });
      }
      await recordChanges(
        tx,
        changed.map((object) => ({ object, path: 'ha' })),
      );
    });
  }
}

const UNWATCHED: HostFinding = { state: '', reason: '' };
const ISOLATED =
  'Its agent does not answer, but its virtual machines give signs of life on the datastores: ' +
  'they run on and are left to themselves.';
const DOWN =
  'Its agent does not answer, and its virtual machines give no sign of life on the datastores.';

function isSilent({ cluster, connectionState }: WatchedHost): boolean {
  return Boolean(cluster?.haEnabled) && connectionState === 'notResponding';
}

/** What was found before stays until something else is known. */
function undetermined({ haState, haReason }: Host, { unreadable }: HostWatch): HostFinding {
  if (haState === 'networkIsolated') return { state: 'networkIsolated', reason: haReason };
  const reason =
    unreadable.length > 0
      ? 'No other host of the cluster can look at the disks of its virtual machines.'
      : 'Whether its virtual machines are alive is being looked at.';
  return { state: 'agentUnreachable', reason };
}
