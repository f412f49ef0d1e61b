// The I/O path model against hand-made samples and traces: order, rates, failures, and what is
// unknown.
import { describe, expect, it } from 'vitest';
import type { DiskFilter } from '#lib/model/filter.ts';
import type { DiskSample, IoTraceEntry } from '#lib/model/io.ts';
import { describePath, failuresAt } from './path-model.ts';

const filters: DiskFilter[] = [
  { name: 'trace', class: 'inspection', properties: {} },
  { name: 'cache', class: 'cache', properties: {} },
];
const latency = { meanUs: 3, p50Us: 2, p99Us: 9, maxUs: 20 };
const sample: DiskSample = {
  diskKey: 2000,
  read: { iops: 800, bytesPerSecond: 800 * 4096 },
  write: { iops: 100, bytesPerSecond: 100 * 4096 },
  otherIops: 100,
  errorsPerSecond: 0,
  inFlight: 4,
  connections: 1,
  latency: { meanUs: 50, p50Us: 40, p99Us: 200, maxUs: 400 },
  filters: [
    { name: 'trace', iops: 1000, latency, statistics: {} },
    { name: 'cache', iops: 1000, latency, statistics: {} },
  ],
};

function traced(sequence: number, crossings: IoTraceEntry['crossings']): IoTraceEntry {
  return {
    sequence,
    at: 1,
    operation: 'read',
    offsetBytes: 0,
    lengthBytes: 4096,
    error: null,
    microseconds: 10,
    crossings,
  };
}
const hit = traced(1, [
  { filter: 'trace', direction: 'in', verdict: 'pass', microseconds: 1 },
  { filter: 'cache', direction: 'in', verdict: 'complete', microseconds: 2 },
  { filter: 'trace', direction: 'out', verdict: 'pass', microseconds: 1 },
]);
const miss = traced(2, [
  { filter: 'trace', direction: 'in', verdict: 'pass', microseconds: 1 },
  { filter: 'cache', direction: 'in', verdict: 'pass', microseconds: 2 },
  { filter: 'disk', direction: 'in', verdict: 'complete', microseconds: 80 },
]);
const input = { diskLabel: 'Hard disk 1', unit: 'scsi0:0', filters, sample, entries: [hit, miss] };

describe('describePath', () => {
  it('runs from the guest through the filters in call order to the disk', () => {
    const path = describePath(input);
    expect(path.nodes.map(({ label }) => label)).toEqual([
      'Guest',
      'trace',
      'cache',
      'Hard disk 1',
    ]);
    expect(path.edges.map(({ from, to }) => `${from}>${to}`)).toEqual([
      'guest>filter:trace',
      'filter:trace>filter:cache',
      'filter:cache>disk',
    ]);
  });

  it('counts the guest edge from the disk sample, estimates the disk edge from the trace', () => {
    const [first, second, last] = describePath(input).edges;
    expect(first).toMatchObject({ iops: 1000, bytesPerSecond: 900 * 4096, estimated: false });
    expect(second).toMatchObject({ iops: 1000, estimated: false });
    expect(last).toMatchObject({ iops: 500, estimated: true });
  });

  it('measures the disk by the traced crossings alone', () => {
    expect(describePath(input).nodes.at(-1)).toMatchObject({ meanUs: 80, p99Us: 80, failures: 0 });
  });

  it('claims nothing without a sample', () => {
    const path = describePath({ ...input, sample: null, entries: [] });
    expect(path.edges.every(({ iops }) => iops === null)).toBe(true);
    expect(path.nodes.every(({ meanUs }) => meanUs === null)).toBe(true);
  });

  it('counts the failures at the stage that failed and at no other', () => {
    const failed = traced(3, [
      { filter: 'trace', direction: 'in', verdict: 'pass', microseconds: 1 },
      { filter: 'cache', direction: 'in', verdict: 'fail', microseconds: 2 },
    ]);
    expect(failuresAt([hit, failed], 'cache')).toBe(1);
    expect(failuresAt([hit, failed], 'trace')).toBe(0);
  });
});
