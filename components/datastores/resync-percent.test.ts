// Shares in a host's words.
import { expect, it } from 'vitest';
import { resyncPercent } from './resync-percent.ts';

it('finds the share in the words of a host, and none where there is none', () => {
  expect(resyncPercent('resyncing 40 %')).toBe(40);
  expect(resyncPercent('reduced redundancy, 99.5% resynchronised')).toBe(99.5);
  expect(resyncPercent('healthy')).toBeNull();
});
