// What may be removed from a virtual flash resource by hand, and what may not.
import { expect, test } from 'vitest';
import { judgeRemoveFlashContent } from './flash-content.ts';

const host = { id: 'host-1', name: 'esx01' };
const vm = { id: 'vm-1', name: 'web01' };

test.each([
  ['a mirror', { vm: null, mirrorOf: 'esx02' }],
  ['what no virtual machine of the inventory has', { vm: null, mirrorOf: null }],
])('%s may be removed', (_, facts) => {
  expect(judgeRemoveFlashContent({ host, ...facts }).allowed).toBe(true);
});

test('what a virtual machine keeps there may not, and the reason names both', () => {
  const { allowed, reasons } = judgeRemoveFlashContent({ host, vm, mirrorOf: null });
  expect(allowed).toBe(false);
  expect(reasons).toMatchObject([{ fault: 'ResourceInUse', objects: ['vm-1'] }]);
  expect(reasons[0]?.message).toMatch(/web01.*esx01/);
});
