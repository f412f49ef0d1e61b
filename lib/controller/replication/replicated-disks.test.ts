// Tests of which copy a disk sends to, and of the moments that several disks have in common.
import { expect, test } from 'vitest';
import type { DiskFilter } from '../../model/filter.ts';
import { commonWindow } from './read-vm-replication.ts';
import { pairingOf, renamedReplicas, replicaIdOf, withEra } from './replicated-disks.ts';

const trace: DiskFilter = { name: 'trace', class: 'inspection', properties: {} };
const replication: DiskFilter = {
  name: 'replication',
  class: 'replication',
  properties: { rpoSeconds: 60, pairing: 'p1', vm: 'one', disk: '2000', era: 3 },
};

test('a clone sends by the same pairing, but never into the copy of its source', () => {
  const disk = { instanceUuid: 'two', diskKey: 2001 };
  const filters = renamedReplicas([trace, replication], disk);
  // Its copy is a new one, of which there was no failover.
  const own = { vm: 'two', disk: '2001', era: 1 };
  const properties = { ...replication.properties, ...own };
  expect(filters).toEqual([trace, { ...replication, properties }]);
  expect(pairingOf(filters)).toBe('p1');
  expect(replicaIdOf(disk)).toBe('two/2001');
});

test('a later era changes nothing else of a disk', () => {
  const [first, second] = withEra([trace, replication], 4);
  expect(first).toEqual(trace);
  expect(second?.properties).toEqual({ ...replication.properties, era: 4 });
});

test('a disk without replication sends nowhere', () => {
  expect(pairingOf([trace])).toBe('');
  expect(renamedReplicas([trace], { instanceUuid: 'two', diskKey: 2000 })).toEqual([trace]);
});

test('disks have those moments in common that each of them has', () => {
  const one = { windowFrom: '2026-11-23T05:00:00.000Z', windowTo: '2026-11-23T06:00:00.000Z' };
  const other = { windowFrom: '2026-11-23T05:30:00.000Z', windowTo: '2026-11-23T06:30:00.000Z' };
  const nothing = { windowFrom: null, windowTo: null };
  expect(commonWindow([one, other])).toEqual({
    windowFrom: other.windowFrom,
    windowTo: one.windowTo,
  });
  expect(commonWindow([])).toEqual(nothing);
  expect(commonWindow([one, nothing])).toEqual(nothing);
  const later = { windowFrom: '2026-11-23T07:00:00.000Z', windowTo: '2026-11-23T08:00:00.000Z' };
  expect(commonWindow([one, later])).toEqual(nothing);
});
