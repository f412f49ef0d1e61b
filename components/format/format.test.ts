// Numbers and times are written as the console promises, at the edges where units change.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  formatByteRate,
  formatBytes,
  formatCount,
  formatLatency,
  formatMebibytes,
  formatNoun,
  formatShare,
} from './quantities.ts';
import { formatDuration, formatRelative } from './times.ts';

const EN = 'en-US';

describe('quantities', () => {
  test.each([
    [0, '0 B'],
    [1, '1 B'],
    [999, '999 B'],
    [1000, '0.98 KiB'],
    [1024, '1 KiB'],
    [1536, '1.5 KiB'],
    [1024 ** 2 - 1, '1 MiB'],
    [20 * 1024 ** 3, '20 GiB'],
    [62 * 1024 ** 4, '62 TiB'],
  ])('%d bytes are %s', (bytes, text) => {
    expect(formatBytes(bytes, EN)).toBe(text);
  });

  test('bytes never take more than four digits before the unit', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 52 }), (bytes) => {
        const [number = ''] = formatBytes(bytes, EN).split(' ');
        expect(number.replace(/[.,]/g, '').length).toBeLessThanOrEqual(4);
      }),
    );
  });

  test.each([
    [0.4, '0.4 µs'],
    [87, '87 µs'],
    [999.6, '1 ms'],
    [1250, '1.25 ms'],
    [2_100_000, '2.1 s'],
  ])('%d microseconds are %s', (value, text) => {
    expect(formatLatency(value, EN)).toBe(text);
  });

  test('rates, counts, shares and nouns', () => {
    expect(formatByteRate(1024 * 1024, EN)).toBe('1 MiB/s');
    expect(formatMebibytes(2048, EN)).toBe('2 GiB');
    expect(formatCount(12345.6, EN)).toBe('12,346');
    expect(formatCount(2.25, EN)).toBe('2.3');
    expect(formatShare(0.1534, EN)).toBe('15.3 %');
    expect(formatShare(2.01, EN)).toBe('201 %');
    expect(formatNoun(1, 'disk')).toBe('1 disk');
    expect(formatNoun(2, 'policy', 'policies')).toBe('2 policies');
  });
});

describe('times', () => {
  test.each([
    [0, '0 ms'],
    [850, '850 ms'],
    [999.6, '1.0 s'],
    [12_400, '12.4 s'],
    [59_960, '1 min 00 s'],
    [185_000, '3 min 05 s'],
    [7_620_000, '2 h 07 min'],
  ])('%d ms are %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  test('relative times count whole units and forgive skew', () => {
    const now = Date.UTC(2026, 10, 22, 16, 0, 0);
    expect(formatRelative(now + 3_000, now, EN)).toBe('just now');
    expect(formatRelative(now - 45_000, now, EN)).toBe('45 seconds ago');
    expect(formatRelative(now - 119_000, now, EN)).toBe('1 minute ago');
    expect(formatRelative(now - 3 * 86_400_000, now, EN)).toBe('3 days ago');
  });
});
