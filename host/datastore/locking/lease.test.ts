// Tests of how long a renewal lasts.
import { expect, test } from 'vitest';
import type { Clock } from '#lib/base/clock.ts';
import { LOCK_LEASE_MS } from '#lib/model/limits.ts';
import { Lease } from './lease.ts';

let nowMs = 0;
const clock: Clock = {
  monotonic: () => nowMs,
  now: () => nowMs,
  after: () => ({ cancel: () => undefined }),
};

test('a renewal lasts from its begin, however late its answer comes', () => {
  nowMs = 0;
  const lease = new Lease(clock, nowMs);
  nowMs = 4_000;
  expect(lease.extend(1_000)).toBe(true);
  nowMs = 1_000 + LOCK_LEASE_MS - 1;
  expect(lease.isCurrent()).toBe(true);
  nowMs += 1;
  expect(lease.isCurrent()).toBe(false);
});

test('one whose answer comes after the lease is worth nothing, and it stays over', () => {
  nowMs = 0;
  const lease = new Lease(clock, nowMs);
  nowMs = LOCK_LEASE_MS;
  expect(lease.extend(LOCK_LEASE_MS - 1)).toBe(false);
  expect(lease.isCurrent()).toBe(false);
});
