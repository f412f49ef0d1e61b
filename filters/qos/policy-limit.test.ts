// Tests of one limit that disks share: who counts as held back by it, and for how long.
import { beforeEach, expect, test } from 'vitest';
import { DiskAccount } from './disk-account.ts';
import { PolicyLimit } from './policy-limit.ts';
import { settingsOf } from './settings.ts';

const LIMIT = 800;
const SETTINGS = settingsOf({
  ...{ iopsLimit: LIMIT, throughputLimit: 0, burstSeconds: 0, reservation: 0 },
  ...{ shares: 'normal', latencyThreshold: 5, scope: 'policy', policy: 'Limited' },
});

let limit: PolicyLimit;
let now: number;
let disks: Map<string, { account: DiskAccount; units: number }>;

beforeEach(() => {
  limit = new PolicyLimit('Limited');
  now = 0;
  disks = new Map();
  for (const name of ['one', 'other']) {
    const account = new DiskAccount(SETTINGS);
    limit.add(name, account);
    disks.set(name, { account, units: 0 });
  }
});

/** A tenth of a second in which they send so much, and are held back or not. */
function pass(units: number, held: Record<string, boolean>): void {
  now += 100;
  for (const [name, disk] of disks) {
    disk.units += units;
    const sent = { units: disk.units, bytes: 0, ios: disk.units, latencyMs: 0 };
    const waits = { held: 0, limited: held[name] ? 1 : 0 };
    disk.account.take({ kind: 'report', ...sent, ...waits, active: true }, now);
  }
}

function parts(): number[] {
  return [...limit.parts(now, []).values()].map(({ iops }) => Math.round(iops));
}

test('a guest that gets no time for a moment keeps its part of the limit', () => {
  for (let i = 0; i < 20; i++) pass(40, { one: true, other: true });
  expect(parts()).toEqual([LIMIT / 2, LIMIT / 2]);
  for (let i = 0; i < 3; i++) pass(0, { one: true, other: false });
  expect(parts()).toEqual([LIMIT / 2, LIMIT / 2]);
});

test('one that is held back no more leaves it to the others', () => {
  for (let i = 0; i < 20; i++) pass(40, { one: true, other: true });
  for (let i = 0; i < 20; i++) pass(8, { one: true, other: false });
  expect(parts()).toEqual([LIMIT - 100, 100]);
});
