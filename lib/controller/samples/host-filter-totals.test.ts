// What filters do on a host, out of what they do on the disks of its VMs.
import { expect, test } from 'vitest';
import type { FilterStatistic } from '../../model/filter.ts';
import type { VmSample } from '../../model/io.ts';
import { HostFilterTotals } from './host-filter-totals.ts';

const HITS = { name: 'hits', label: 'Hits', kind: 'counter', unit: 'I/Os' } as const;
const RATIO = { name: 'hitRatio', label: 'Hit ratio', kind: 'gauge', unit: '%' } as const;
const DIRTY = { name: 'dirty', label: 'Dirty', kind: 'gauge', unit: 'MiB' } as const;
const MANIFESTS = new Map<string, readonly FilterStatistic[]>([['cache', [HITS, RATIO, DIRTY]]]);

interface Given {
  at?: number;
  iops?: number;
  meanUs?: number;
  statistics?: Record<string, number>;
  name?: string;
}

function sampleOf(vmId: string, given: Given = {}): { vmId: string; sample: VmSample } {
  const { at = 1_000, iops = 0, meanUs, statistics = {}, name = 'cache' } = given;
  const rate = { iops, bytesPerSecond: 0 };
  const latency =
    meanUs === undefined ? null : { meanUs, p50Us: meanUs, p99Us: 3 * meanUs, maxUs: 9 * meanUs };
  const counts = { otherIops: 0, errorsPerSecond: 0, inFlight: 0, connections: 1, latency };
  const filters = [{ name, iops, latency, statistics }];
  const disk = { diskKey: 2000, read: rate, write: rate, ...counts, filters };
  return { vmId, sample: { at, intervalMs: 1_000, cpu: 0, residentBytes: 0, disks: [disk] } };
}

function takeFrom(totals: HostFilterTotals, taken: { vmId: string; sample: VmSample }[]) {
  return totals.take('host-1', { taken, statistics: MANIFESTS, nowMs: 5_000 });
}

test('adds up what the disks of a host do, and weighs times by their I/Os', () => {
  const taken = [
    sampleOf('vm-1', { iops: 300, meanUs: 10, statistics: { hitRatio: 80, dirty: 5 } }),
    sampleOf('vm-2', { iops: 100, meanUs: 50, statistics: { hitRatio: 40, dirty: 7 } }),
  ];
  const sample = takeFrom(new HostFilterTotals(), taken);
  expect(sample).toEqual({
    at: 5_000,
    intervalMs: 1_000,
    filters: [
      {
        ...{ name: 'cache', disks: 2, iops: 400, ownIops: 0 },
        ...{ latency: { meanUs: 20, p99Us: 150 }, statistics: { hitRatio: 60, dirty: 12 } },
      },
    ],
  });
});

test('counters are rates, so that a VM which comes with what it counted is no peak', () => {
  const totals = new HostFilterTotals();
  takeFrom(totals, [sampleOf('vm-1', { statistics: { hits: 100 } })]);
  const taken = [
    sampleOf('vm-1', { at: 3_000, statistics: { hits: 160 } }),
    sampleOf('vm-2', { at: 3_000, statistics: { hits: 1_000_000 } }),
  ];
  const sample = takeFrom(totals, taken);
  expect(sample?.filters[0]?.statistics).toEqual({ hits: 30 });
});

test('a counter that began anew counts for nothing until it is read again', () => {
  const totals = new HostFilterTotals();
  const take = (at: number, hits: number) =>
    takeFrom(totals, [sampleOf('vm-1', { at, statistics: { hits } })]);
  take(1_000, 50);
  expect(take(2_000, 3)?.filters[0]?.statistics ?? {}).toEqual({});
  expect(take(3_000, 5)?.filters[0]?.statistics).toEqual({ hits: 2 });
});

test('says once that nothing happens, and that the last filter has gone', () => {
  const totals = new HostFilterTotals();
  expect(takeFrom(totals, [])).toBe(null);
  expect(takeFrom(totals, [sampleOf('vm-1')])).not.toBe(null);
  expect(takeFrom(totals, [sampleOf('vm-1', { at: 2_000 })])).toBe(null);
  expect(takeFrom(totals, [])?.filters).toEqual([]);
  expect(takeFrom(totals, [])).toBe(null);
});

test('of a filter that nobody knows there are I/Os and no statistics', () => {
  const odd = sampleOf('vm-1', { name: 'odd', iops: 7, statistics: { surprise: 1 } });
  const [filter] = takeFrom(new HostFilterTotals(), [odd])?.filters ?? [];
  expect(filter).toMatchObject({ name: 'odd', iops: 7, statistics: {} });
});
