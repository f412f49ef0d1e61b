// Names and directories of datastores that are refused, and some that are not.
import { expect, it } from 'vitest';
import { nameProblem, pathProblem } from './new-datastore.ts';

it.each(['', ' ', 'a/b', 'a\\b', '50%', 'a\tb', 'x'.repeat(81), 'ds01'])(
  'refuses the name %j',
  (name) => {
    expect(nameProblem(name, [{ name: 'ds01' }])).not.toBeNull();
  },
);

it.each(['', 'relative', '/a/../b', `/${'x'.repeat(1024)}`])('refuses the path %j', (path) => {
  expect(pathProblem(path)).not.toBeNull();
});

it('takes what is well', () => {
  expect(nameProblem(' ds02 ', [{ name: 'ds01' }])).toBeNull();
  expect(pathProblem('/vmfs/volumes/a..b')).toBeNull();
});
