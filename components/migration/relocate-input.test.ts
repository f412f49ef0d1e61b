// The call that moves storage, alone and with a change of host.
import { expect, it } from 'vitest';
import { relocateInput } from './relocate-input.ts';

const vm = { disks: [] };
const storage = { datastoreId: 'datastore-2', provisioning: 'same' } as const;

it('moves storage alone, whatever host was looked at before', () => {
  expect(relocateInput(vm, 'storage', { hostId: 'host-2', storage })).toEqual({
    datastoreId: 'datastore-2',
  });
});

it('moves both when both are chosen, and waits until they are', () => {
  expect(relocateInput(vm, 'both', { hostId: 'host-2', storage })).toEqual({
    ...{ hostId: 'host-2', datastoreId: 'datastore-2' },
  });
  expect(relocateInput(vm, 'both', { hostId: null, storage })).toBeNull();
  const none = { ...storage, datastoreId: null };
  expect(relocateInput(vm, 'storage', { hostId: null, storage: none })).toBeNull();
});
