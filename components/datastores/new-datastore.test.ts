// Names and directories of datastores that are refused, and some that are not.
import { expect, it } from 'vitest';
import {
  hostsProblem,
  nameProblem,
  optionsOf,
  optionsProblem,
  pathProblem,
} from './new-datastore.ts';

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

it('asks for a storage provider where disks are kept by one, and only there', () => {
  const typed = { provider: ' http://127.0.0.1:8093 ', token: ' secret ' };
  expect(optionsProblem('VVOL', typed)).toBeNull();
  expect(optionsOf('VVOL', typed)).toEqual({ provider: 'http://127.0.0.1:8093', token: 'secret' });
  expect(optionsProblem('VVOL', { ...typed, token: ' ' })).toContain('token');
  expect(optionsProblem('VVOL', { ...typed, provider: 'provider' })).toContain('address');
  expect(optionsProblem('NFS', { provider: '', token: '' })).toBeNull();
  expect(optionsOf('NFS', typed)).toEqual({});
});

it('wants three hosts for a vSAN, and one for every other', () => {
  expect(hostsProblem('vsan', 2)).toContain('3 hosts');
  expect(hostsProblem('vsan', 3)).toBeNull();
  expect(hostsProblem('VMFS', 0)).not.toBeNull();
  expect(hostsProblem('VMFS', 1)).toBeNull();
});
