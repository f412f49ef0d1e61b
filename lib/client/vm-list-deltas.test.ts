// Which changes the list of VMs follows one by one, and what becomes of it.
import { expect, test } from 'vitest';
import type { VmSummary } from '../wire/api/inventory.ts';
import { changedVms, withChanged } from './vm-list-deltas.ts';

const changed = (...objects: string[]) => objects.map((object) => ({ object, path: 'powerState' }));

test('changed VMs are read alone, unless the list shows something else that changed', () => {
  expect(changedVms(changed('vm-1', 'task-4', 'vm-2', 'vm-1'))).toEqual(['vm-1', 'vm-2']);
  expect(changedVms(changed('task-4', 'events'))).toEqual([]);
  expect(changedVms(changed('vm-1', 'host-1'))).toBeNull();
  const many = Array.from({ length: 101 }, (_, number) => `vm-${number}`);
  expect(changedVms(changed(...many))).toBeNull();
  expect(changedVms([{ object: 'vm-1', path: 'connections' }])).toEqual([]);
});

function vm(id: string, name: string, powerState: VmSummary['powerState']): VmSummary {
  const named = { id: 'host-1', name: 'esx01' };
  return {
    ...{ id, name, powerState, worldState: 'off', worldMessage: '', trouble: null, host: named },
    ...{ cluster: null, guestFullName: '', cpuCount: 1, memoryMib: 1, provisionedBytes: 0 },
    ...{ diskCount: 0, filterNames: [], compliance: 'compliant', cpuUsage: 0, isTemplate: false },
    snapshotCount: 0,
  };
}

test('new ones come, those not found go, and the order is kept', () => {
  const before = [vm('vm-1', 'a', 'poweredOff'), vm('vm-2', 'b', 'poweredOff')];
  const fresh = [vm('vm-1', 'a', 'poweredOn'), vm('vm-3', 'aa', 'poweredOff')];
  const after = withChanged(before, ['vm-1', 'vm-2', 'vm-3'], fresh);
  expect(after.map(({ id, powerState }) => [id, powerState])).toEqual([
    ['vm-1', 'poweredOn'],
    ['vm-3', 'poweredOff'],
  ]);
});
