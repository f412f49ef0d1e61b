// Keeps the copies of one object in order for its owner: takes those that are away out of the
// configuration, brings those that return up to date, and replaces those that stay away.
import type { Clock, Timer } from '#lib/base/clock.ts';
import { type Random, randomHex } from '#lib/base/random.ts';
import { FLUSH } from '../chain/chain-io.ts';
import { runIo } from '../nbd-client/backing-io.ts';
import { REGION_BYTES } from './dirty-log.ts';
import type { Membership } from './membership.ts';
import { isNewer, type ObjectConfig, withState } from './object-config.ts';
import { replaceComponent } from './rebuild.ts';
import { RegionGate } from './region-gate.ts';
import { Replica } from './replica.ts';
import { resync } from './resync.ts';

export interface KeeperTimes {
  /** How often nodes that are away are tried and idle regions cleaned, in milliseconds. */
  tickMs: number;
  /** I/O waits so long for an inaccessible object, in milliseconds. */
  waitMs: number;
  /** A node that leaves an I/O without an answer for so long counts as away. */
  answerMs: number;
  /** A component away for so long is built anew on another node. */
  rebuildAfterMs: number;
}

export interface KeeperParts {
  datastorePath: string;
  sizeBytes: number;
  /** The host of the owner: its own copy is read first. */
  localNodeId: string;
  clock: Clock;
  random: Random;
  times: KeeperTimes;
  log(message: string): void;
  /** Something changed: what waits may go on, or must be failed. */
  onChange(): void;
}

/** Regions that nobody wrote to for so long are called clean, in milliseconds. */
const IDLE_MS = 5_000;
const CLEAN_REGIONS_MAX = 512;

export class ObjectKeeper {
  readonly gate = new RegionGate();
  readonly replicas = new Map<string, Replica>();
  /** Copies on their way back, which get all writes; with the bytes left to copy. */
  readonly resyncing = new Map<string, number>();
  membership: Membership;
  /** Another owner has taken the object. */
  fenced = false;
  readonly #parts: KeeperParts;
  readonly #busy = new Set<Replica>();
  /** Regions written to, with the monotonic time of the last write. */
  readonly #touched = new Map<number, number>();
  #cleaning = false;
  #cleanAll = false;
  #healing = false;
  #replacing = false;
  #closed = false;
  #timer: Timer | null = null;

  constructor(parts: KeeperParts, membership: (keeper: ObjectKeeper) => Membership) {
    this.#parts = parts;
    this.membership = membership(this);
  }

  start(): void {
    this.#tick();
    this.#schedule();
  }

  addReplica(component: ObjectConfig['components'][number]): Replica {
    const { datastorePath, sizeBytes, clock, times } = this.#parts;
    const replica = new Replica({
      ...{ component, datastorePath, sizeBytes, clock, answerMs: times.answerMs },
      onLost: (lost, reason) => this.#onLost(lost, reason),
    });
    this.replicas.set(component.id, replica);
    return replica;
  }

  /** Whether I/O can be done: the configuration is known, and a copy that counts is there. */
  get accessible(): boolean {
    return !this.fenced && this.membership.settled && this.readers().length > 0;
  }

  /** Copies that may be read, the host's own first. */
  readers(): Replica[] {
    const active = this.membership.config.components.filter(({ state }) => state === 'active');
    const found = active.flatMap(({ id }) => this.replicas.get(id) ?? []);
    const { localNodeId } = this.#parts;
    return found
      .filter(({ disk }) => disk !== null)
      .sort((a, b) => Number(b.nodeId === localNodeId) - Number(a.nodeId === localNodeId));
  }

  /** Copies that get a write: all that may count, and those on their way back. */
  writers(): Replica[] {
    return [...this.replicas.values()].filter(
      ({ id, disk }) =>
        disk !== null && (this.membership.maybeActive.has(id) || this.resyncing.has(id)),
    );
  }

  /** Copies that may count and have not done a write. */
  missing(done: ReadonlySet<string>): string[] {
    return [...this.membership.maybeActive].filter((id) => !done.has(id));
  }

  /** Takes copies out, durably; false when that cannot be done now. */
  exclude(ids: readonly string[]): Promise<boolean> {
    const at = this.#parts.clock.now();
    return this.membership.commit((config) => withState(config, ids, { state: 'stale', at }));
  }

  touched(offset: number, length: number): void {
    const now = this.#parts.clock.monotonic();
    const last = Math.floor((offset + length - 1) / REGION_BYTES);
    for (let region = Math.floor(offset / REGION_BYTES); region <= last; region++) {
      this.#touched.set(region, now);
    }
  }

  /** Ends without a trace when all copies are alike: then they are called clean. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    if (this.#isWhole() && !this.fenced) await this.#flushAndClean(null);
    for (const replica of this.replicas.values()) replica.close();
  }

  #schedule(): void {
    this.#timer = this.#parts.clock.after(this.#parts.times.tickMs, () => {
      if (this.#closed) return;
      this.#tick();
      this.#schedule();
    });
  }

  #tick(): void {
    for (const replica of this.replicas.values()) {
      // A witness has no connection whose end would be noticed.
      if (!replica.reachable || replica.role === 'witness') void this.#tryReturn(replica);
      else if (this.#isStale(replica)) void this.#bringUpToDate(replica);
    }
    for (const [id, left] of this.resyncing) {
      if (left > 0) this.replicas.get(id)?.noteResync(this.membership.owner, left);
    }
    void this.heal();
    void this.#clean();
    void this.#replaceLost();
    this.#parts.onChange();
  }

  /** Has the configuration say who is there, and settles what is not settled. */
  async heal(): Promise<void> {
    if (this.#healing || this.#closed || this.fenced) return;
    this.#healing = true;
    try {
      const gone = [...this.membership.maybeActive].filter(
        (id) => (this.replicas.get(id)?.disk ?? null) === null,
      );
      if (gone.length === 0 && this.membership.settled) return;
      const at = this.#parts.clock.now();
      const settled = await this.membership.commit((config) => {
        const next = withState(config, gone, { state: 'stale', at });
        return this.membership.settled ? next : { ...next };
      });
      if (settled) this.#parts.onChange();
    } finally {
      this.#healing = false;
    }
  }

  #onLost(replica: Replica, reason: string): void {
    this.#parts.log(`The component on ${replica.nodeId} is away: ${reason}`);
    this.resyncing.delete(replica.id);
    this.#parts.onChange();
    void this.heal();
  }

  async #tryReturn(replica: Replica): Promise<void> {
    if (this.#busy.has(replica) || this.fenced) return;
    this.#busy.add(replica);
    try {
      const was = replica.reachable;
      const report = await replica.claim(this.membership.owner);
      const replaced = !this.replicas.has(replica.id);
      if (this.#closed || replaced) replica.close();
      else if (report === null) this.#fence();
      else if (!was) await this.#returned(replica, report.config);
    } catch (error) {
      // Away, or away still; the next tick tries again.
      replica.lose(error instanceof Error ? error.message : String(error));
    } finally {
      this.#busy.delete(replica);
    }
  }

  async #returned(replica: Replica, known: ObjectConfig): Promise<void> {
    this.#parts.log(`The component on ${replica.nodeId} is back.`);
    const { membership } = this;
    if (isNewer(membership.config, known)) await membership.commit((config) => ({ ...config }));
    this.#parts.onChange();
    if (this.#isStale(replica)) void this.#bringUpToDate(replica);
  }

  #fence(): void {
    this.fenced = true;
    this.#parts.log('Another owner has taken the object: no more I/O is done.');
    this.#parts.onChange();
  }

  #isStale({ id, role }: Replica): boolean {
    return role === 'data' && !this.membership.maybeActive.has(id);
  }

  async #bringUpToDate(target: Replica): Promise<void> {
    const source = this.readers()[0];
    const begun = this.resyncing.has(target.id) || target.disk === null;
    if (source === undefined || begun || !this.accessible) return;
    const { membership, gate } = this;
    this.resyncing.set(target.id, 0);
    const error = await resync({
      ...{ source, target, gate, owner: membership.owner, sizeBytes: this.#parts.sizeBytes },
      onProgress: (left) => {
        if (this.resyncing.has(target.id)) this.resyncing.set(target.id, left);
      },
    }).catch(() => -1);
    const at = this.#parts.clock.now();
    const activated = await membership.commit((config) => {
      // A write that did not reach it meanwhile has taken it out.
      const whole = error === 0 && target.disk !== null && this.resyncing.has(target.id);
      return whole ? withState(config, [target.id], { state: 'active', at }) : null;
    });
    this.resyncing.delete(target.id);
    if (!activated) {
      // Begun again from the connection on, as after any loss.
      target.lose('it could not be brought up to date');
      return;
    }
    this.#parts.log(`The component on ${target.nodeId} is up to date.`);
    this.#cleanAll = true;
    this.#parts.onChange();
  }

  /** All copies count and are there. */
  #isWhole(): boolean {
    const { settled, config } = this.membership;
    if (!settled) return false;
    return config.components.every(
      ({ id, role, state }) =>
        role === 'witness' || (state === 'active' && this.replicas.get(id)?.disk !== null),
    );
  }

  async #clean(): Promise<void> {
    if (this.#cleaning || !this.#isWhole() || this.fenced) return;
    const all = this.#cleanAll;
    const idle = all ? null : this.#idleRegions();
    if (idle?.length === 0) return;
    this.#cleaning = true;
    const ranges = idle?.map((region) => [region * REGION_BYTES, REGION_BYTES] as const);
    const wanted = ranges ?? [[0, this.#parts.sizeBytes] as const];
    const unlocks = await Promise.all(wanted.map((range) => this.gate.lock(...range)));
    try {
      await this.#flushAndClean(idle);
      if (all) this.#cleanAll = false;
      if (all) this.#touched.clear();
    } finally {
      for (const unlock of unlocks) unlock();
      this.#cleaning = false;
    }
  }

  #idleRegions(): number[] {
    const before = this.#parts.clock.monotonic() - IDLE_MS;
    const idle: number[] = [];
    for (const [region, at] of this.#touched) {
      if (at < before) idle.push(region);
      if (idle.length === CLEAN_REGIONS_MAX) break;
    }
    return idle;
  }

  /** No write may be under way in the regions, null for all. */
  async #flushAndClean(regions: readonly number[] | null): Promise<void> {
    const { owner } = this.membership;
    for (const { disk } of this.writers()) {
      if (disk === null) return;
      if ((await runIo(disk, { code: FLUSH, offset: 0, length: 0 })) !== 0) return;
    }
    if (!this.#isWhole()) return;
    for (const region of regions ?? []) this.#touched.delete(region);
    const data = [...this.replicas.values()].filter(({ role }) => role === 'data');
    // One that does not hear of it copies a few regions too many, once.
    await Promise.allSettled(data.map((replica) => replica.clean(owner, regions)));
  }

  async #replaceLost(): Promise<void> {
    const { clock, times, random } = this.#parts;
    const now = clock.monotonic();
    const lost = [...this.replicas.values()].find(
      ({ reachable, awaySince }) => !reachable && now - awaySince > times.rebuildAfterMs,
    );
    if (lost === undefined || this.#replacing || !this.accessible) return;
    this.#replacing = true;
    try {
      const { datastorePath, log } = this.#parts;
      const id = randomHex(random, 16);
      const replaced = await replaceComponent({ keeper: this, lost, id, datastorePath, clock });
      if (!replaced) return;
      lost.close();
      log(`The component on ${lost.nodeId} was replaced.`);
    } catch (error) {
      // The node chosen went away meanwhile; the next tick chooses again.
      this.#parts.log(error instanceof Error ? error.message : String(error));
    } finally {
      this.#replacing = false;
    }
  }
}
