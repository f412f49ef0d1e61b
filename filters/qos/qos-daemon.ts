// The part of the filter that runs once on a host: it hears what the disks send, and tells them
// what they may send where they share a datastore or a limit. It asks for no time while all are
// idle.
import type { DaemonContext, DaemonDisk } from '#lib/filter-sdk/filter.ts';
import type { DiskAccount } from './disk-account.ts';
import { HostLinks } from './host-links.ts';
import {
  type DiskMessage,
  decodeFromDisk,
  encode,
  type GrantMessage,
  type ToDisk,
} from './messages.ts';
import { PolicyLimit } from './policy-limit.ts';
import { StorageScheduler } from './storage-scheduler.ts';

/** Between decisions: while a datastore is congested, and else; milliseconds. */
const CONGESTED_MS = 20;
const CALM_MS = 100;
/** Also what is the same is said again after so long, so that a disk knows that it still counts. */
const REPEAT_MS = 1_000;
/** Between two words to other hosts, also when there is nothing to say. */
const HOSTS_MS = 200;

interface Row {
  /** Of this line: disks of two datastores may have the same path. */
  id: string;
  disk: DaemonDisk;
  storageId: string;
  account: DiskAccount;
  group: string | null;
  said: Map<ToDisk['kind'], { text: string; at: number }>;
}

export class QosDaemon {
  readonly #context: DaemonContext;
  readonly #rows = new Map<DaemonDisk, Row>();
  readonly #storages = new Map<string, StorageScheduler>();
  readonly #groups = new Map<string, PolicyLimit>();
  readonly #hosts: HostLinks;
  #lines = 0;
  #isTicking = false;
  #isStopped = false;
  #hostsAt = 0;

  constructor(context: DaemonContext) {
    this.#context = context;
    this.#hosts = new HostLinks({
      context,
      onDemands: (hostId, groups) => {
        const now = context.clock.monotonic();
        for (const demand of groups) this.#groups.get(demand.group)?.hear(hostId, demand, now);
        const named = new Set(groups.map(({ group }) => group));
        for (const [group, limit] of this.#groups) {
          if (!named.has(group)) limit.hear(hostId, nothing(group), now);
        }
      },
    });
  }

  async start(): Promise<void> {
    await this.#hosts.start();
    this.#context.onDisk((disk) => this.#add(disk));
    this.#talk();
  }

  stop(): void {
    this.#isStopped = true;
  }

  #add(disk: DaemonDisk): void {
    disk.onMessage((bytes) => {
      const message = decodeFromDisk(bytes);
      if (message?.kind === 'disk') this.#settle(disk, message);
      if (message?.kind !== 'report') return;
      this.#rows.get(disk)?.account.take(message, this.#context.clock.monotonic());
      if (message.active) this.#wake();
    });
    disk.onClose(() => this.#remove(disk));
  }

  /** A disk says what it is, or that this has changed. */
  #settle(disk: DaemonDisk, { storageId, settings }: DiskMessage): void {
    const known = this.#rows.get(disk);
    if (known?.storageId === storageId && known.group === settings.group) {
      known.account.settings = settings;
      return;
    }
    this.#remove(disk);
    const storage = this.#storages.get(storageId) ?? new StorageScheduler();
    this.#storages.set(storageId, storage);
    this.#lines += 1;
    const id = `${this.#lines}`;
    const account = storage.add(id, settings);
    const { group } = settings;
    if (group !== null) {
      const limit = this.#groups.get(group) ?? new PolicyLimit(group);
      this.#groups.set(group, limit);
      limit.add(id, account);
    }
    this.#rows.set(disk, { id, disk, storageId, account, group, said: new Map() });
    this.#wake();
  }

  #remove(disk: DaemonDisk): void {
    const row = this.#rows.get(disk);
    if (!row) return;
    this.#rows.delete(disk);
    const storage = this.#storages.get(row.storageId);
    storage?.remove(row.id);
    if (storage?.isEmpty) this.#storages.delete(row.storageId);
    this.#wake();
    if (row.group === null) return;
    const limit = this.#groups.get(row.group);
    limit?.remove(row.id);
    if (limit?.isEmpty) this.#groups.delete(row.group);
  }

  #wake(): void {
    if (this.#isTicking) return;
    this.#isTicking = true;
    this.#context.clock.after(0, () => this.#tick());
  }

  #tick(): void {
    this.#isTicking = false;
    if (this.#isStopped) return;
    const { clock } = this.#context;
    const now = clock.monotonic();
    for (const [storageId, storage] of this.#storages) {
      this.#grant(storageId, storage.tick(now), now);
    }
    for (const [group, limit] of this.#groups) this.#give(group, limit, now);
    const isBusy = [...this.#rows.values()].some(({ account }) => account.isActive(now));
    if (!isBusy) return;
    this.#isTicking = true;
    const isCongested = [...this.#storages.values()].some((storage) => storage.isCongested);
    clock.after(isCongested ? CONGESTED_MS : CALM_MS, () => this.#tick());
  }

  #grant(storageId: string, grants: Map<string, GrantMessage>, now: number): void {
    for (const row of this.#rows.values()) {
      const grant = grants.get(row.id);
      if (row.storageId !== storageId || grant === undefined) continue;
      // How slow the storage is changes always, and alone is worth no word.
      const { untilUnits, entitled } = grant;
      this.#say(row, grant, { text: JSON.stringify([untilUnits, entitled]), at: now });
    }
  }

  #give(group: string, limit: PolicyLimit, now: number): void {
    const parts = limit.parts(now, this.#hosts.hostIds);
    for (const row of this.#rows.values()) {
      const part = row.group === group ? parts.get(row.id) : undefined;
      if (part !== undefined) this.#say(row, part, { text: JSON.stringify(part), at: now });
    }
  }

  /** What was said shortly before is not said again; nothing at all to a disk that does nothing. */
  #say(row: Row, message: ToDisk, saying: { text: string; at: number }): void {
    const said = row.said.get(message.kind);
    if (said && said.text === saying.text && saying.at - said.at < REPEAT_MS) return;
    const isNews = said?.text !== saying.text;
    if (!isNews && !row.account.isActive(saying.at)) return;
    if (row.disk.send(encode(message))) row.said.set(message.kind, saying);
  }

  /** Other hosts hear from this one as long as it runs: one that is silent counts as hungry. */
  #talk(): void {
    if (this.#isStopped) return;
    const { clock } = this.#context;
    const now = clock.monotonic();
    const isDue = this.#groups.size > 0 || now - this.#hostsAt >= REPEAT_MS;
    if (isDue) {
      this.#hosts.send([...this.#groups.values()].map((limit) => limit.demand(now)));
      this.#hostsAt = now;
    }
    // What other hosts want changes the parts of disks that do nothing yet.
    if (this.#hosts.hostIds.length > 0) {
      for (const [group, limit] of this.#groups) this.#give(group, limit, now);
    }
    clock.after(this.#hosts.hostIds.length > 0 ? HOSTS_MS : REPEAT_MS, () => this.#talk());
  }
}

/** Of a host that has no disks of the policy. */
function nothing(group: string) {
  return { group, hungry: 0, calm: 0, calmUnits: 0, calmBytes: 0, disks: 0 };
}
