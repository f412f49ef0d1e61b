// Tests of when a VM can be recovered from its copies.
import { expect, test } from 'vitest';
import { datastoreFacts, hostFacts } from '../facts.fixture.ts';
import { judgeRecovery, type RecoveryFacts } from './recovery.ts';

const copy = {
  label: 'Hard disk 1',
  targetName: 'Recovery site',
  targetTrouble: '',
  unusable: '',
  capacityBytes: 1,
};
const facts: RecoveryFacts = {
  source: { id: 'vm-1', name: 'web01' },
  copies: [copy],
  left: [],
  windowFrom: '2026-11-23T05:00:00.000Z',
  windowTo: '2026-11-23T06:00:00.000Z',
  at: null,
  name: 'web01-recovered',
  nameTaken: false,
  destination: hostFacts({ id: 'host-1' }),
  datastore: datastoreFacts({ id: 'datastore-1' }),
  neededBytes: 0,
};

test('a moment of the window can be recovered, also the first, the last and the newest', () => {
  for (const at of [null, facts.windowFrom, facts.windowTo, '2026-11-23T05:30:00.000Z']) {
    expect(judgeRecovery({ ...facts, at })).toEqual({ allowed: true, reasons: [], warnings: [] });
  }
});

test.each<[string, Partial<RecoveryFacts>, RegExp]>([
  ['no copy', { copies: [] }, /web01 is not replicated/],
  ['too early', { at: '2026-11-23T04:59:59.999Z' }, /cannot be had as it was/],
  ['too late', { at: '2026-11-23T06:00:00.001Z' }, /cannot be had as it was/],
  ['a name that is taken', { nameTaken: true }, /already/],
  ['a target that is away', { copies: [{ ...copy, targetTrouble: 'Gone.' }] }, /Gone/],
  ['a copy in its first sync', { copies: [copy, { ...copy, unusable: 'Not yet.' }] }, /Not yet/],
  [
    'a host that is not there',
    { destination: hostFacts({ id: 'host-1', connectionState: 'notResponding' }) },
    /not connected/,
  ],
  [
    'a datastore that the host does not reach',
    { destination: hostFacts({ id: 'host-1', datastores: [] }) },
    /vmfs-01/,
  ],
  ['a datastore that is full', { neededBytes: 2 ** 60 }, /space|GiB/],
])('%s is refused', (_, more, expected) => {
  const { allowed, reasons } = judgeRecovery({ ...facts, ...more });
  expect(allowed).toBe(false);
  expect(reasons.map(({ message }) => message).join(' ')).toMatch(expected);
});

test('a disk that is left out is said before', () => {
  const { allowed, warnings } = judgeRecovery({ ...facts, left: ['Hard disk 2'] });
  expect(allowed).toBe(true);
  expect(warnings.map(({ message }) => message).join(' ')).toMatch(/Hard disk 2 .* left out/);
});
