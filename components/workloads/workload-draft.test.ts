// The workload draft: what it makes of typed numbers, and the words for those that will not do.
import { describe, expect, it } from 'vitest';
import { NEW_WORKLOAD, overwritesDisk, workloadOf } from './workload-draft.ts';

describe('workloadOf', () => {
  it('makes a generator of the defaults', () => {
    expect(workloadOf(NEW_WORKLOAD).workload).toMatchObject({
      kind: 'generator',
      pattern: 'randrw',
      blockBytes: 4096,
      queueDepth: 8,
    });
  });

  it('names each field that is wrong', () => {
    const { problems } = workloadOf({ ...NEW_WORKLOAD, queueDepth: '', blockBytes: '100' });
    expect(Object.keys(problems ?? {}).sort()).toEqual(['blockBytes', 'queueDepth']);
  });

  it('wants a trace for the trace player', () => {
    const draft = { ...NEW_WORKLOAD, kind: 'trace' as const };
    expect(workloadOf(draft).problems).toEqual({ traceId: 'Choose a trace.' });
    expect(workloadOf({ ...draft, traceId: 'trace-1' }).workload).toMatchObject({
      kind: 'trace',
      speed: 1,
    });
  });
});

describe('overwritesDisk', () => {
  it('warns of everything but pure reads', () => {
    expect(overwritesDisk(NEW_WORKLOAD)).toBe(true);
    expect(overwritesDisk({ ...NEW_WORKLOAD, pattern: 'randread' })).toBe(false);
    expect(overwritesDisk({ ...NEW_WORKLOAD, pattern: 'randread', kind: 'trace' })).toBe(true);
  });
});
