// The call that moves storage, alone and with a change of host, for all disks or disk by disk.
import { expect, it } from 'vitest';
import { changedPlaces, placesFrom, relocateInput, type StorageDraft } from './relocate-input.ts';

const here = { id: 'datastore-1', name: 'nfs-01' };
const place = { datastoreId: here.id, provisioning: 'thin' } as const;
const vm = { datastore: here, disks: [diskOf(2000), diskOf(2001)] };
const storage: StorageDraft = { datastoreId: 'datastore-2', provisioning: 'same', places: null };

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

it('begins disk by disk with what was chosen for all, else with what is', () => {
  expect(placesFrom(vm, { datastoreId: null, provisioning: 'same' })).toEqual({
    homeId: here.id,
    disks: [
      { key: 2000, ...place },
      { key: 2001, ...place },
    ],
  });
  expect(placesFrom(vm, { datastoreId: 'datastore-2', provisioning: 'thick' }).disks).toEqual([
    { key: 2000, datastoreId: 'datastore-2', provisioning: 'thick' },
    { key: 2001, datastoreId: 'datastore-2', provisioning: 'thick' },
  ]);
});

it('names every disk when they are chosen one by one, and waits until one moves', () => {
  const stays = placesFrom(vm, { datastoreId: null, provisioning: 'same' });
  const ask = (places: StorageDraft['places']) =>
    relocateInput(vm, 'storage', { hostId: null, storage: { ...storage, places } });
  expect(ask(stays)).toBeNull();
  const disks = stays.disks.map((disk) =>
    disk.key === 2001 ? { ...disk, datastoreId: 'datastore-3' } : disk,
  );
  expect(ask({ ...stays, disks })).toEqual({ datastoreId: here.id, disks });
  expect(changedPlaces(vm, { ...stays, disks }).map(({ key }) => key)).toEqual([2001]);
});

function diskOf(key: number) {
  return {
    ...{ key, label: `Hard disk ${key - 1999}`, unit: `scsi0:${key - 2000}`, datastore: here },
    ...{ path: 'web01/web01.vmdk', capacityBytes: 1024, usedBytes: 512, health: '' },
    ...{ provisioning: 'thin' as const, backing: 'flat' as const, policy: null, filters: [] },
    ...{ compliance: 'compliant' as const, complianceReason: '', connections: 0, actions: {} },
    ...{ nbdUri: null, nbdUnixUri: null },
  };
}
