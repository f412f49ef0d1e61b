// What becomes of each fault: who is to blame, and what is missing.
import { expect, test } from 'vitest';
import { Fault, toFaultRecord } from './fault.ts';
import { troubleOf, type VmTrouble, vmTroubleSchema } from './vm-trouble.ts';

const message = 'It went wrong.';
const CASES: [string, Fault, VmTrouble][] = [
  [
    'a filter and its operation',
    new Fault('FilterFault', message, { data: { filter: 'cache', operation: 'write' } }),
    {
      ...{ kind: 'filter', filterName: 'cache', filterId: 'Acme_cache_1.0' },
      ...{ operation: 'write', message },
    },
  ],
  [
    'a filter that is not installed',
    new Fault('CannotOpenDisk', message, { data: { filter: 'gone' } }),
    { kind: 'filter', filterName: 'gone', filterId: null, operation: null, message },
  ],
  [
    'the first of the filters that are missing',
    new Fault('CannotOpenDisk', message, { data: { filters: ['cache', 'trace'] } }),
    {
      ...{ kind: 'filter', filterName: 'cache', filterId: 'Acme_cache_1.0' },
      ...{ operation: null, message },
    },
  ],
  [
    'a key',
    new Fault('CannotOpenDisk', message, { data: { keyId: 'k1', filter: 'encryption' } }),
    { kind: 'keyMissing', keyId: 'k1', providerId: null, message },
  ],
  ['a lock', new Fault('FileLocked', message), { kind: 'lockLost', message }],
  ['storage', new Fault('InvalidDatastore', message), { kind: 'storage', message }],
  [
    'a full datastore',
    new Fault('NoDiskSpace', message, { data: { datastoreId: 'datastore-1' } }),
    { kind: 'noSpace', datastoreId: 'datastore-1', message },
  ],
  ['a full place without a name', new Fault('NoDiskSpace', message), { kind: 'other', message }],
  ['a fault that blames nobody', new Fault('FilterFault', message), { kind: 'other', message }],
];

test.each(CASES)('%s', (_name, fault, expected) => {
  const idOf = (name: string) => (name === 'cache' ? 'Acme_cache_1.0' : null);
  const trouble = troubleOf(toFaultRecord(fault), idOf);
  expect(trouble).toEqual(expected);
  expect(vmTroubleSchema.parse(trouble)).toEqual(expected);
});
