// Trace rows: one cell for each stage in call order, newest I/O first.
import { describe, expect, it } from 'vitest';
import type { IoTraceEntry } from '#lib/model/io.ts';
import { traceRows, traceStages } from './trace-rows.ts';

function entry(sequence: number): IoTraceEntry {
  return {
    sequence,
    at: sequence,
    operation: 'write',
    offsetBytes: 0,
    lengthBytes: 512,
    error: null,
    microseconds: 5,
    crossings: [
      { filter: 'trace', direction: 'in', verdict: 'pass', microseconds: 1 },
      { filter: 'old', direction: 'in', verdict: 'pass', microseconds: 1 },
      { filter: 'disk', direction: 'in', verdict: 'complete', microseconds: 3 },
      { filter: 'trace', direction: 'out', verdict: 'pass', microseconds: 2 },
    ],
  };
}

describe('traceStages', () => {
  it('puts the disk last and keeps a filter that only the trace knows', () => {
    const filters = [{ name: 'trace', class: 'inspection' as const, properties: {} }];
    expect(traceStages(filters, [entry(1)])).toEqual(['trace', 'old', 'disk']);
    expect(traceStages([], [])).toEqual(['disk']);
  });
});

describe('traceRows', () => {
  it('pairs the way in with the way out of each stage', () => {
    const [row] = traceRows([entry(1), entry(2)], ['trace', 'disk']);
    expect(row?.entry.sequence).toBe(2);
    expect(row?.cells[0]).toMatchObject({
      wayIn: { microseconds: 1 },
      wayOut: { microseconds: 2 },
    });
    expect(row?.cells[1]).toMatchObject({ wayIn: { verdict: 'complete' }, wayOut: null });
  });
});
