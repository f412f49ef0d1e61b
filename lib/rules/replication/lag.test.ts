// Tests of when the replication of a disk needs attention.
import { expect, test } from 'vitest';
import { lagAlarm } from './lag.ts';

const disk = { label: 'Hard disk 1', state: 'inSync', rpoSeconds: 60, lagMilliseconds: 1_000 };

test.each([
  ['in time', {}, ''],
  ['at the limit', { lagMilliseconds: 60_000 }, ''],
  ['late', { lagMilliseconds: 61_000 }, /61 s behind; 60 s are wanted/],
  ['late while away', { state: 'targetAway', lagMilliseconds: 99_000 }, /99 s behind/],
  ['late, but nothing is wanted', { rpoSeconds: 0, lagMilliseconds: 1e9 }, ''],
  ['late in its initial sync', { state: 'initialSync', lagMilliseconds: 1e9 }, ''],
  ['replaced', { state: 'replaced', lagMilliseconds: 1e9 }, ''],
  ['not measured', { lagMilliseconds: null }, ''],
  ['degraded', { state: 'degraded', lagMilliseconds: null }, /without its replication target/],
])('%s', (_, facts, expected) => {
  const alarm = lagAlarm('web01', { ...disk, ...facts });
  if (expected === '') expect(alarm).toBe('');
  else expect(alarm).toMatch(expected);
});
