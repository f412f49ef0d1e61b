// The words for what a task measured.
import { expect, it } from 'vitest';
import { taskResultText } from './task-result.ts';

it('says what was copied, merged and how long I/O stood still', () => {
  const result = { copiedBytes: 3 * 1024 ** 3, pauseMs: 12, heldIos: 4 };
  expect(taskResultText({ state: 'success', result })).toBe('Copied 3 GiB, paused for 12 ms');
  expect(taskResultText({ state: 'success', result: { mergedBytes: 0 } })).toBe('Merged 0 B');
});

it('says nothing of a task that failed, runs, or measured nothing', () => {
  expect(taskResultText({ state: 'error', result: { copiedBytes: 5 } })).toBe('');
  expect(taskResultText({ state: 'success', result: {} })).toBe('');
  expect(taskResultText({ state: 'success', result: null })).toBe('');
});
