// All VMs as lists show them, kept in the memory of the process that answers, and brought up to
// date by the change log before each answer: so no answer is older than the question, and none
// waits for ten thousand rows.
import type { Clock } from '../../base/clock.ts';
import { Mutex } from '../../base/mutex.ts';
import { countTexts, matcherOf, parseQuery, type SearchColumn } from '../../base/row-search.ts';
import type { VmSummary } from '../../wire/api/inventory.ts';
import { VM_COLUMNS } from '../../wire/api/vms/vm-columns.ts';
import type { SearchedVms, VmPage, VmTotals } from '../../wire/api/vms/vm-list.ts';
import type { Database } from '../database/client.ts';
import { readVms } from '../vms/read-vms.ts';
import { SortedRows } from './sorted-rows.ts';
import { type WhatChanged, whatChanged } from './what-changed.ts';

/** After more changes than this everything is read again. */
const CHANGES_MAX = 5_000;
/** Of more VMs than this everything is read again. */
const READ_MAX = 2_000;
/** Changes are kept for an hour: a list that was not asked for so long, in milliseconds, is old. */
const IDLE_MAX_MS = 30 * 60_000;

type ListedVm = VmSummary & { tags: readonly string[] };
type Place = Pick<SearchedVms, 'hostId' | 'clusterId'>;
type Tags = ReadonlyMap<string, readonly string[]>;

const NO_TAGS: readonly string[] = [];
const COLUMNS: readonly SearchColumn<ListedVm>[] = [
  ...Object.values(VM_COLUMNS).map(withTextsKept),
  { id: 'tags', value: ({ tags }) => tags.join(', '), parts: ({ tags }) => tags },
];
const FIELDS = COLUMNS.map(({ id }) => id);

export class VmList {
  readonly #db: Database;
  readonly #clock: Clock;
  readonly #mutex = new Mutex();
  #rows = new SortedRows<ListedVm>(COLUMNS, []);
  #tags: Tags = new Map();
  /** Of the change log; null until it was read. */
  #version: bigint | null = null;
  /** By both clocks: the monotonic one stands still while the machine is suspended. */
  #readAt = { wall: 0, monotonic: 0 };

  constructor(db: Database, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
  }

  /** The VMs that match, a page of them. */
  async query({ search, sort, offset, limit, ...place }: SearchedVms): Promise<VmPage> {
    const rows = await this.#upToDate();
    const here = inPlace(rows.inOrder(sort), place);
    const terms = parseQuery(search, FIELDS);
    const found = terms.length === 0 ? here : here.filter(matcherOf(terms, COLUMNS));
    return {
      ...{ total: here.length, matching: found.length },
      rows: found.slice(offset, offset + limit).map(({ tags: _, ...vm }) => vm),
    };
  }

  /** What a column says of how many of them, by text. */
  async texts({ column, ...place }: Place & { column: string }) {
    const rows = await this.#upToDate();
    const wanted = COLUMNS.find(({ id }) => id === column);
    return wanted ? countTexts(wanted, inPlace(rows.inOrder('name'), place)) : [];
  }

  async totals(place: Place = {}): Promise<VmTotals> {
    const all = inPlace((await this.#upToDate()).inOrder('name'), place);
    const on = all.filter(({ powerState }) => powerState === 'poweredOn');
    const filtered = all.filter(({ filterNames }) => filterNames.length > 0);
    return {
      ...{ total: all.length, poweredOn: on.length, filtered: filtered.length },
      ...{ firstPoweredOn: named(on[0]), firstFiltered: named(filtered[0]) },
    };
  }

  #upToDate(): Promise<SortedRows<ListedVm>> {
    return this.#mutex.run(async () => {
      const now = { wall: this.#clock.now(), monotonic: this.#clock.monotonic() };
      const idleMs = Math.max(now.wall - this.#readAt.wall, now.monotonic - this.#readAt.monotonic);
      const isOld = this.#version === null || idleMs > IDLE_MAX_MS;
      if (isOld || !(await this.#follow())) await this.#readAll();
      this.#readAt = now;
      return this.#rows;
    });
  }

  /** False when so much has changed that all must be read. */
  async #follow(): Promise<boolean> {
    const changes = await this.#db.change.findMany({
      where: { version: { gt: this.#version ?? 0n } },
      orderBy: { version: 'asc' },
      take: CHANGES_MAX + 1,
      select: { version: true, object: true, path: true },
    });
    const last = changes.at(-1);
    if (!last) return true;
    const changed = whatChanged(changes);
    if (changed.everything || changes.length > CHANGES_MAX) return false;
    const ids = await this.#idsOf(changed);
    if (ids.size > READ_MAX) return false;
    if (changed.tags) await this.#readTags();
    if (ids.size > 0) {
      const fresh = await readVms(this.#db, { ids: [...ids] });
      this.#rows.replace(ids, fresh.map(tagged(this.#tags)));
    }
    this.#version = last.version;
    return true;
  }

  async #idsOf({ vmIds, hostIds, policyIds }: WhatChanged): Promise<Set<string>> {
    const ids = new Set(vmIds);
    if (hostIds.size > 0) {
      for (const { id, host } of this.#rows.rows) if (hostIds.has(host.id)) ids.add(id);
    }
    if (policyIds.size > 0) {
      const disks = await this.#db.disk.findMany({
        where: { policyId: { in: [...policyIds] } },
        select: { vmId: true },
        distinct: ['vmId'],
      });
      for (const { vmId } of disks) ids.add(vmId);
    }
    return ids;
  }

  async #readAll(): Promise<void> {
    // First: what commits while the rows are read is read once more with the next changes.
    const newest = await this.#db.change.aggregate({ _max: { version: true } });
    this.#tags = await readVmTags(this.#db);
    const vms = await readVms(this.#db);
    this.#rows = new SortedRows(COLUMNS, vms.map(tagged(this.#tags)));
    this.#version = newest._max.version ?? 0n;
  }

  async #readTags(): Promise<void> {
    const before = this.#tags;
    this.#tags = await readVmTags(this.#db);
    const textOf = (tags: Tags, id: string) => tags.get(id)?.join('\n') ?? '';
    const other = [...this.#rows.rows].filter(
      ({ id }) => textOf(before, id) !== textOf(this.#tags, id),
    );
    const ids = new Set(other.map(({ id }) => id));
    if (ids.size > 0) this.#rows.replace(ids, other.map(tagged(this.#tags)));
  }
}

/**
 * A word is searched in every cell, and to write ten thousand numbers as people read them takes
 * longer than a page may: each is written once for as long as its row is kept.
 */
function withTextsKept(column: SearchColumn<VmSummary>): SearchColumn<VmSummary> {
  const { text } = column;
  if (!text) return column;
  const kept = new WeakMap<VmSummary, string>();
  return {
    ...column,
    text: (row) => {
      const known = kept.get(row);
      if (known !== undefined) return known;
      const written = text(row);
      kept.set(row, written);
      return written;
    },
  };
}

function inPlace(rows: readonly ListedVm[], { hostId, clusterId }: Place): readonly ListedVm[] {
  if (hostId === undefined && clusterId === undefined) return rows;
  return rows.filter(
    ({ host, cluster }) =>
      (hostId === undefined || host.id === hostId) &&
      (clusterId === undefined || cluster?.id === clusterId),
  );
}

function tagged(tags: Tags): (vm: VmSummary) => ListedVm {
  return (vm) => ({ ...vm, tags: tags.get(vm.id) ?? NO_TAGS });
}

/** The names of the tags of each VM that has any, by id. */
async function readVmTags(db: Database): Promise<Tags> {
  const found = await db.tagAssignment.findMany({
    where: { objectId: { startsWith: 'vm-' } },
    select: { objectId: true, tag: { select: { name: true } } },
  });
  const names = new Map<string, string[]>();
  for (const { objectId, tag } of found) {
    names.set(objectId, [...(names.get(objectId) ?? []), tag.name]);
  }
  for (const list of names.values()) list.sort();
  return names;
}

function named(vm: ListedVm | undefined): { id: string; name: string } | null {
  return vm ? { id: vm.id, name: vm.name } : null;
}
