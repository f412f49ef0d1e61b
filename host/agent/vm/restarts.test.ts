// Tests of the restart policy: at once, then slower, then no more.
import { expect, test } from 'vitest';
import { CRASH_WINDOW_MS, CRASHES_MAX } from '#lib/model/limits.ts';
import { Restarts } from './restarts.ts';

const MINUTE = 60_000;

test('the first restart comes at once, the next ones after growing pauses', () => {
  const restarts = new Restarts();
  const pauses: number[] = [];
  let now = 0;
  while (restarts.ended(now, 1)) {
    let waited = 0;
    while (!restarts.isDue(now + waited)) waited += 100;
    pauses.push(waited);
    now += waited;
    restarts.started();
  }
  expect(pauses).toEqual([0, 1000, 2000, 4000]);
});

test(`the end number ${CRASHES_MAX} within the window is the last`, () => {
  const restarts = new Restarts();
  for (let end = 1; end < CRASHES_MAX; end++) expect(restarts.ended(end, 1)).toBe(true);
  expect(restarts.ended(CRASHES_MAX, 1)).toBe(false);
});

test('ends that are spread out are never too many, and each restart comes at once', () => {
  const restarts = new Restarts();
  const every = CRASH_WINDOW_MS / (CRASHES_MAX - 1) + MINUTE;
  for (let now = 0; now < 20 * every; now += every) {
    expect(restarts.ended(now, every)).toBe(true);
    expect(restarts.isDue(now)).toBe(true);
    restarts.started();
  }
});

test('after a power on by hand everything begins anew', () => {
  const restarts = new Restarts();
  for (let end = 1; end <= CRASHES_MAX; end++) restarts.ended(end, 1);
  restarts.forget();
  expect(restarts.ended(CRASHES_MAX, 1)).toBe(true);
  expect(restarts.isDue(CRASHES_MAX)).toBe(true);
});

test('a start that fails is tried again later and later, but not given up', () => {
  const restarts = new Restarts();
  restarts.failed(0);
  expect(restarts.isDue(499)).toBe(false);
  expect(restarts.isDue(500)).toBe(true);
  restarts.failed(500);
  expect(restarts.isDue(1499)).toBe(false);
  expect(restarts.isDue(1500)).toBe(true);
});
