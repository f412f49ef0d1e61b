// When a reservation that is not met is worth an event.
import { expect, test } from 'vitest';
import { ReservationWatch } from './reservation-watch.ts';
import { settingsOf } from './settings.ts';

function watch(): { look(entitled: number | null, now: number): void; events: string[] } {
  const events: string[] = [];
  const watched = new ReservationWatch((severity, message) =>
    events.push(`${severity} ${message}`),
  );
  const settings = settingsOf({ reservation: 500 });
  const grant = { kind: 'grant', untilUnits: null, latencyMs: 9 } as const;
  return { events, look: (entitled, now) => watched.look({ ...grant, entitled }, settings, now) };
}

test('it tells of a reservation that is short for ten seconds, once', () => {
  const { look, events } = watch();
  for (let now = 0; now <= 60_000; now += 100) look(300, now);
  expect(events).toHaveLength(1);
  expect(events[0]).toMatch(/^warning 500 IOPS .* gets 300/);
});

test('a moment, a few per cent, or a datastore that is not congested is nothing', () => {
  const { look, events } = watch();
  for (let now = 0; now <= 60_000; now += 100) look(now % 5000 === 0 ? 500 : 300, now);
  for (let now = 60_000; now <= 90_000; now += 100) look(480, now);
  for (let now = 90_000; now <= 120_000; now += 100) look(null, now);
  expect(events).toEqual([]);
});
