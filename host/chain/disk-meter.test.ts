// What the meter says of the I/Os outstanding, held against counting them moment by moment.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DiskMeter } from './disk-meter.ts';

test('an I/O that is outstanding for the half of an interval counts as half an I/O', () => {
  const meter = new DiskMeter();
  meter.doneAtOnce(5, 100);
  expect(meter.take(1000, 1000).inFlight).toBeCloseTo(0.5);
  expect(meter.take(1000, 2000).inFlight).toBe(0);
});

test('an I/O that hangs counts in every interval until it ends', () => {
  const meter = new DiskMeter();
  meter.waits(500);
  expect(meter.take(1000, 1000).inFlight).toBeCloseTo(0.5);
  expect(meter.take(1000, 2000).inFlight).toBeCloseTo(1);
  meter.waited(500, 2250);
  expect(meter.take(1000, 3000).inFlight).toBeCloseTo(0.25);
});

const waits = fc.array(fc.record({ from: fc.nat(1000), length: fc.nat(400) }), { maxLength: 30 });

test('the averages are those of counting the outstanding I/Os at every millisecond', () => {
  fc.assert(
    fc.property(waits, fc.integer({ min: 1, max: 300 }), (ios, interval) => {
      const meter = new DiskMeter();
      let outstanding = 0;
      for (let now = 0; now <= 1500; now++) {
        for (const { from, length } of ios) {
          if (now === from) meter.waits(from);
          if (now === from + length) meter.waited(from, now);
        }
        if (now > 0 && now % interval === 0) {
          expect(meter.take(interval, now).inFlight).toBeCloseTo(outstanding / interval, 6);
          outstanding = 0;
        }
        for (const { from, length } of ios) {
          if (from <= now && now < from + length) outstanding += 1;
        }
      }
    }),
  );
});
