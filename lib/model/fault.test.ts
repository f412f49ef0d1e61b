// docs/faults.md and the catalogue of faults say the same, and a fault survives its way over a
// wire.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { FAULTS, Fault, fromFaultRecord, toFaultRecord } from './fault.ts';
import { faultRecordSchema } from './task.ts';

const PAGE = path.join(import.meta.dirname, '..', '..', 'docs', 'faults.md');
const ROW = /^\| `(\w+)` \| (\d{3}) \| (vim25|esximage|own) \| (.+) \|$/;

test('the page lists every fault, in order, and no other', () => {
  const rows = readFileSync(PAGE, 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [, name, http, , when] = ROW.exec(line) ?? [];
      return name === undefined ? [] : [{ name, http: Number(http), when }];
    });
  const catalogue = Object.entries(FAULTS).map(([name, { http, when }]) => {
    return { name, http, when: when.replace(' (own)', '') };
  });
  expect(rows).toEqual(catalogue);
});

test('a fault comes out of its record as it went in', () => {
  const reasons = [
    {
      fault: 'FilterInUse' as const,
      message: 'web01 uses it.',
      remedy: 'Detach it.',
      objects: ['vm-1'],
    },
    { fault: 'InvalidState' as const, message: 'DRS is off.' },
  ];
  const fault = new Fault('FilterInUse', 'web01 uses it.', { reasons, data: { count: 1 } });
  const sent: unknown = JSON.parse(JSON.stringify(toFaultRecord(fault)));
  const received = fromFaultRecord(faultRecordSchema.parse(sent));
  expect(received).toMatchObject({ fault: 'FilterInUse', message: 'web01 uses it.', reasons });
  expect(received.data).toEqual({ count: 1 });
});

test('what is no fault becomes a SystemError with its message', () => {
  expect(toFaultRecord(new TypeError('x is not a function'))).toMatchObject({
    fault: 'SystemError',
    message: 'x is not a function',
    reasons: [{ fault: 'SystemError' }],
  });
});
