// Sizes as they are typed.
import { expect, it } from 'vitest';
import { DISK_BYTES_MAX, GIB } from '#lib/model/limits.ts';
import { bytesOf, sizeDraftOf } from './disk-size.ts';

it('reads a number with its unit as whole MiB', () => {
  expect(bytesOf({ amount: '2', unit: 'GiB' })).toBe(2 * GIB);
  expect(bytesOf({ amount: ' 1,5 ', unit: 'GiB' })).toBe(1.5 * GIB);
  expect(bytesOf({ amount: '0.0007', unit: 'GiB' })).toBe(1024 ** 2);
});

it('refuses what is no size of a disk', () => {
  for (const amount of ['', 'x', '-1', '0', '1e3', '63']) {
    expect(bytesOf({ amount, unit: 'TiB' }), amount).toBeNull();
  }
  expect(bytesOf({ amount: '62', unit: 'TiB' })).toBe(DISK_BYTES_MAX);
});

it('writes a size in its largest unit', () => {
  expect(sizeDraftOf(GIB)).toEqual({ amount: '1', unit: 'GiB' });
  expect(sizeDraftOf(512 * 1024 ** 2)).toEqual({ amount: '512', unit: 'MiB' });
});
