// The sentence at the head of a VM's page for each kind of trouble.
import { describe, expect, it } from 'vitest';
import type { VmTrouble } from '#lib/model/vm-trouble.ts';
import { isOutOfSpace, troubleTitle } from './vm-trouble.ts';

const message = 'As the host says it.';
const full: VmTrouble = { kind: 'noSpace', datastoreId: 'datastore-1', message };
const filter: VmTrouble = {
  ...{ kind: 'filter', filterName: 'cache', filterId: null, operation: 'write', message },
};
const running = { name: 'web01', worldState: 'running', powerState: 'poweredOn' } as const;
const faulted = { ...running, worldState: 'faulted' };
const off = { ...running, worldState: 'off', powerState: 'poweredOff' } as const;

describe('troubleTitle', () => {
  it('names the filter and the operation, and whether it runs', () => {
    expect(troubleTitle({ ...faulted, trouble: filter })).toBe(
      'The I/O filter cache brought web01 down, in write',
    );
    expect(troubleTitle({ ...faulted, trouble: { ...filter, operation: null } })).toBe(
      'The I/O filter cache brought web01 down',
    );
    expect(troubleTitle({ ...off, trouble: filter })).toBe('The I/O filter cache keeps web01 off');
  });

  it('says of a full datastore that it is paused only while it runs', () => {
    expect(troubleTitle({ ...running, trouble: full })).toContain('is paused');
    expect(troubleTitle({ ...off, trouble: full })).not.toContain('paused');
  });

  it('says that a process has ended when nobody is to blame', () => {
    expect(troubleTitle({ ...faulted, trouble: null })).toContain('has ended');
    const other: VmTrouble = { kind: 'other', message };
    expect(troubleTitle({ ...faulted, trouble: other })).toContain('has ended');
    expect(troubleTitle({ ...running, trouble: other })).toBe('web01 needs attention');
  });
});

it('is out of space while it runs and waits, and not when it has failed or is off', () => {
  expect(isOutOfSpace({ ...running, trouble: full })).toBe(true);
  expect(isOutOfSpace({ ...running, trouble: null })).toBe(false);
  expect(isOutOfSpace({ ...faulted, trouble: full })).toBe(false);
  expect(isOutOfSpace({ ...off, trouble: full })).toBe(false);
});
