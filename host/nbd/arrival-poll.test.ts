// The polling for a client's next request, on a clock of its own.
import { beforeEach, expect, test } from 'vitest';
import type { Clock } from '#lib/base/clock.ts';
import { systemClock } from '#lib/base/system-clock.ts';
import { ArrivalPoll, type PolledClient } from './arrival-poll.ts';

/** One look at the socket takes so long here, in milliseconds. */
const LOOK_MS = 0.01;

let now = 0;
let looks = 0;
const clock: Clock = { ...systemClock, monotonic: () => now };

beforeEach(() => {
  now = 0;
  looks = 0;
});

/** A client that sends its next request so long after the last answer, and works alone or not. */
function client(gapMs: number, alone: () => boolean = () => true): PolledClient {
  let answeredAt = now;
  return {
    wantsNext: alone,
    takeArrived() {
      looks += 1;
      now += LOOK_MS;
      if (now - answeredAt < gapMs) return false;
      answeredAt = now;
      return true;
    },
  };
}

test('serves a quick client for about a millisecond, then lets the loop have its turn', () => {
  new ArrivalPoll(clock).run(client(0.05));
  expect(now).toBeGreaterThanOrEqual(1);
  expect(now).toBeLessThan(1.2);
});

test('gives a slow client up after a tenth of a millisecond', () => {
  new ArrivalPoll(clock).run(client(5));
  expect(now).toBeGreaterThanOrEqual(0.1);
  expect(now).toBeLessThan(0.13);
});

test('does not poll for a client that has more under way', () => {
  new ArrivalPoll(clock).run(client(0.05, () => false));
  expect(looks).toBe(0);
});

test('stops when the client sends more than one at a time', () => {
  let asked = 0;
  new ArrivalPoll(clock).run(client(0.05, () => ++asked === 1));
  expect(now).toBeLessThan(0.1);
});

test('rests after four fruitless polls, and tries again later', () => {
  const poll = new ArrivalPoll(clock);
  const slow = client(1_000);
  const ran: boolean[] = [];
  for (let request = 0; request < 80; request++) {
    looks = 0;
    poll.run(slow);
    ran.push(looks > 0);
  }
  expect(ran.slice(0, 4)).toEqual([true, true, true, true]);
  expect(ran.slice(4, 67)).not.toContain(true);
  expect(ran.slice(67)).toContain(true);
});
