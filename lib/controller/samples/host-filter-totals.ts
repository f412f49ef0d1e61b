// What each I/O filter does on a host as a whole, out of the samples of its VMs.
import { groupBy } from '../../base/group-by.ts';
import type { FilterStatistic } from '../../model/filter.ts';
import type { DiskSample, HostFilter, HostFilterSample, VmSample } from '../../model/io.ts';

/** Gauges in these are amounts, of which several make a larger one. */
const AMOUNTS = new Set(['MiB', 'bytes', 'B', 'blocks', 'I/Os']);

type FilterOfDisk = DiskSample['filters'][number];

/** One filter on one disk, with its counters as rates. */
interface Share extends Omit<FilterOfDisk, 'statistics'> {
  rates: Record<string, number>;
  gauges: Record<string, number>;
}

interface Round {
  /** Of the VMs of the host. */
  taken: readonly { vmId: string; sample: VmSample }[];
  /** Those of each filter's manifest; what nobody knows is left out. */
  statistics: ReadonlyMap<string, readonly FilterStatistic[]>;
  nowMs: number;
}

interface Counted {
  at: number;
  statistics: Record<string, number>;
}

export class HostFilterTotals {
  /** By host, then by VM, disk and filter: what was counted when it was sampled last. */
  readonly #before = new Map<string, Map<string, Counted>>();
  /** By host: what was kept last, without its time. */
  readonly #kept = new Map<string, string>();

  /** The sample of a host; null when there is nothing that the one before did not say. */
  take(hostId: string, { taken, statistics, nowMs }: Round): HostFilterSample | null {
    const before = this.#before.get(hostId);
    const counted = new Map<string, Counted>();
    this.#before.set(hostId, counted);
    const shares: Share[] = [];
    for (const { vmId, sample } of taken) {
      for (const { diskKey, filters } of sample.disks) {
        for (const filter of filters) {
          const key = `${vmId} ${diskKey} ${filter.name}`;
          counted.set(key, { at: sample.at, statistics: filter.statistics });
          const known = statistics.get(filter.name) ?? [];
          shares.push(shareOf(filter, known, { before: before?.get(key), at: sample.at }));
        }
      }
    }
    const intervalMs = Math.max(1, ...taken.map(({ sample }) => sample.intervalMs));
    const groups = [...groupBy(shares, ({ name }) => name)];
    const filters = groups
      .map(([name, group]) => totalOf(name, group, statistics.get(name) ?? []))
      .sort((a, b) => a.name.localeCompare(b.name));
    const text = JSON.stringify(filters);
    if (this.#kept.get(hostId) === text || (filters.length === 0 && !this.#kept.has(hostId))) {
      return null;
    }
    this.#kept.set(hostId, text);
    return { at: nowMs, intervalMs, filters };
  }
}

function shareOf(
  { statistics, ...filter }: FilterOfDisk,
  known: readonly FilterStatistic[],
  { before, at }: { before: Counted | undefined; at: number },
): Share {
  const rates: Record<string, number> = {};
  const gauges: Record<string, number> = {};
  for (const { name, kind } of known) {
    const value = statistics[name];
    if (value === undefined) continue;
    if (kind === 'gauge') gauges[name] = value;
    const earlier = before?.statistics[name];
    // One that fell began anew, with the process that counts.
    const goesOn = before !== undefined && earlier !== undefined && value >= earlier;
    if (kind === 'counter' && goesOn && at > before.at) {
      rates[name] = (value - earlier) / ((at - before.at) / 1000);
    }
  }
  return { ...filter, rates, gauges };
}

function totalOf(
  name: string,
  shares: readonly Share[],
  known: readonly FilterStatistic[],
): HostFilter {
  const statistics: Record<string, number> = {};
  for (const one of known) {
    const values = shares.flatMap(({ rates, gauges }) => {
      const value = one.kind === 'counter' ? rates[one.name] : gauges[one.name];
      return value === undefined ? [] : [value];
    });
    if (values.length === 0) continue;
    const adds = one.kind === 'counter' || AMOUNTS.has(one.unit);
    statistics[one.name] = adds ? sum(values) : sum(values) / values.length;
  }
  return {
    name,
    disks: shares.length,
    iops: sum(shares.map(({ iops }) => iops)),
    ownIops: sum(shares.map(({ ownIops }) => ownIops ?? 0)),
    latency: latencyOf(shares),
    statistics,
  };
}

/** The mean weighs each disk by its I/Os. */
function latencyOf(shares: readonly Share[]): HostFilter['latency'] {
  const timed = shares.flatMap(({ iops, latency }) => (latency ? [{ iops, ...latency }] : []));
  if (timed.length === 0) return null;
  const all = sum(timed.map(({ iops }) => iops));
  const weight = (iops: number): number => (all > 0 ? iops / all : 1 / timed.length);
  return {
    meanUs: sum(timed.map(({ iops, meanUs }) => weight(iops) * meanUs)),
    p99Us: Math.max(...timed.map(({ p99Us }) => p99Us)),
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
