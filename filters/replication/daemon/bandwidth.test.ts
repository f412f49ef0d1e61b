// Tests of the limits by the hour, and of what may be sent under one.
import { expect, test } from 'vitest';
import { Bandwidth, limitAt } from './bandwidth.ts';

const BASE = { journal: { hours: 1, mib: 0 }, compress: false };

function at(text: string): number {
  return Date.parse(text);
}

test.each([
  // A Monday.
  ['2026-11-23T07:59:59Z', 1000],
  ['2026-11-23T08:00:00Z', 10],
  ['2026-11-23T17:59:59Z', 10],
  ['2026-11-23T18:00:00Z', 1000],
  // A Saturday, and a Sunday.
  ['2026-11-28T12:00:00Z', 1000],
  ['2026-11-29T12:00:00Z', 1000],
])('in busy hours of working days another limit holds: %s', (time, limit) => {
  const busy = { from: 8, until: 18, onWeekends: false, bandwidth: 10 };
  expect(limitAt({ ...BASE, bandwidth: 1000, busy }, at(time))).toBe(limit);
});

test.each([
  ['2026-11-27T21:59:00Z', 0],
  // From Friday evening until Saturday morning, not from Sunday evening on.
  ['2026-11-27T22:00:00Z', 10],
  ['2026-11-28T05:59:00Z', 10],
  ['2026-11-28T06:00:00Z', 0],
  ['2026-11-29T23:00:00Z', 0],
  ['2026-11-30T03:00:00Z', 0],
])('hours over midnight are those of the day on which they begin: %s', (time, limit) => {
  const busy = { from: 22, until: 6, onWeekends: false, bandwidth: 10 };
  expect(limitAt({ ...BASE, bandwidth: 0, busy }, at(time))).toBe(limit);
});

test('the lower one of two limits holds, and on weekends if it is said', () => {
  const busy = { from: 0, until: 23, onWeekends: true, bandwidth: 10 };
  expect(limitAt({ ...BASE, bandwidth: 5, busy }, at('2026-11-29T12:00:00Z'))).toBe(5);
  expect(limitAt({ ...BASE, bandwidth: 50, busy }, at('2026-11-29T12:00:00Z'))).toBe(10);
});

test('over an hour no more is sent than the limit, but for one burst and one message', () => {
  const bandwidth = new Bandwidth(0);
  const settings = { ...BASE, bandwidth: 1000, busy: null };
  let [time, sent] = [0, 0];
  while (time < 3_600_000) {
    const wait = bandwidth.waitMs(settings, { monotonic: time, now: time });
    if (wait > 0) {
      time += wait;
      continue;
    }
    bandwidth.sent(700);
    sent += 700;
    time += sent % 2100 === 0 ? 400 : 0;
  }
  expect(sent).toBeLessThanOrEqual(3_600_000 + 250 + 700);
  expect(sent).toBeGreaterThan(3_500_000);
});

test('what was sent without a limit is not owed when busy hours begin', () => {
  const bandwidth = new Bandwidth(0);
  const busy = { from: 1, until: 2, onWeekends: true, bandwidth: 1000 };
  const settings = { ...BASE, bandwidth: 0, busy };
  const asked = (monotonic: number): number => {
    return bandwidth.waitMs(settings, { monotonic, now: monotonic });
  };
  for (let time = 0; time < 3_600_000; time += 100_000) {
    expect(asked(time)).toBe(0);
    bandwidth.sent(1_000_000);
  }
  // One message of a million bytes at most, of which it is looked again every minute.
  let waits = 0;
  for (let time = 3_600_000; asked(time) > 0; time += 60_000) waits += 1;
  expect(waits).toBeLessThanOrEqual(17);
});
