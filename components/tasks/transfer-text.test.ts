// How far a copy is, in words, also while its speed is not known yet or is none.
import { expect, it } from 'vitest';
import { transferText } from './transfer-text.ts';

const EN = 'en-US';
const MIB = 1024 ** 2;

it('says bytes, speed and the time that is left', () => {
  const transfer = { doneBytes: 256 * MIB, totalBytes: 1024 * MIB, bytesPerSecond: 10 * MIB };
  expect(transferText(transfer, EN)).toBe('256 MiB of 1 GiB, 10 MiB/s, 1 min 17 s left');
});

it('tells no time that it does not know', () => {
  const transfer = { doneBytes: 256 * MIB, totalBytes: 1024 * MIB, bytesPerSecond: null };
  expect(transferText(transfer, EN)).toBe('256 MiB of 1 GiB');
  expect(transferText({ ...transfer, bytesPerSecond: 0 }, EN)).toBe('256 MiB of 1 GiB, 0 B/s');
  expect(transferText({ ...transfer, bytesPerSecond: 1 }, EN)).not.toContain('left');
  const done = { doneBytes: MIB, totalBytes: MIB, bytesPerSecond: MIB };
  expect(transferText(done, EN)).not.toContain('left');
});

it('says nothing where nothing is copied', () => {
  expect(transferText(null)).toBe('');
  expect(transferText({ doneBytes: 0, totalBytes: 0, bytesPerSecond: null })).toBe('');
});
