// The speed of a copy: known from the second report on, smoothed, and begun anew with another copy.
import { expect, test } from 'vitest';
import { TransferMeter } from './transfer.ts';

test('the speed is that of the last seconds, and each copy begins anew', () => {
  const meter = new TransferMeter();
  const at = (ms: number, doneBytes: number, totalBytes = 1000) =>
    meter.measure(ms, { doneBytes, totalBytes }).bytesPerSecond;
  expect(at(0, 0)).toBeNull();
  expect(at(1000, 100)).toBe(100);
  expect(at(2000, 300)).toBeCloseTo(130);
  expect(at(2000, 300)).toBeCloseTo(130);
  expect(at(3000, 300)).toBeCloseTo(91);
  expect(at(4000, 10)).toBeNull();
  expect(at(5000, 20)).toBe(10);
  expect(at(6000, 20, 2000)).toBeNull();
});
