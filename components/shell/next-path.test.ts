// After signing in one stays in the console.
import { expect, test } from 'vitest';
import { nextPath } from './next-path.ts';

test.each([
  [null, '/'],
  ['', '/'],
  ['/vms/vm-1?tab=monitor', '/vms/vm-1?tab=monitor'],
  ['https://elsewhere.example', '/'],
  ['//elsewhere.example', '/'],
  ['/\\elsewhere.example', '/'],
  ['/sign-in?next=/', '/'],
])('%s leads to %s', (wanted, path) => {
  expect(nextPath(wanted)).toBe(path);
});
