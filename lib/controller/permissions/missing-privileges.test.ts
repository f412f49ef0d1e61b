// The permission model on a small inventory: propagation, and the nearest permission deciding
// alone.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ROOT_FOLDER_ID } from '../../model/inventory.ts';
import type { Privilege } from '../../model/role.ts';
import { openTestDatabase, type TestDatabase } from '../database/test-database.ts';
import { effectivePrivileges } from './effective-privileges.ts';
import { listMissingPrivileges, missingPrivilegeReasons } from './missing-privileges.ts';

let test: TestDatabase;
const caller = { userId: 'user-1', name: 'ann' };
const POWER: Privilege = 'VirtualMachine.Interact.PowerOn';
const PATCH: Privilege = 'Host.Config.Patch';

beforeAll(async () => {
  test = await openTestDatabase();
  const { database: db } = test;
  await db.role.createMany({
    data: [
      { id: 1, name: 'Power', label: 'Power', system: false, privileges: [POWER] },
      { id: 2, name: 'Patch', label: 'Patch', system: false, privileges: [PATCH, POWER] },
      { id: 3, name: 'Nothing', label: 'Nothing', system: false, privileges: [] },
    ],
  });
  await db.user.create({ data: { id: 'user-1', name: 'ann', passwordHash: '' } });
  await db.datacenter.create({ data: { id: 'datacenter-1', name: 'DC' } });
  const drs = { drsEnabled: true, drsBehavior: 'manual', drsThreshold: 3 };
  await db.cluster.create({
    data: { id: 'domain-c1', name: 'Prod', datacenterId: 'datacenter-1', ...drs },
  });
  const host = { datacenterId: 'datacenter-1', agentUrl: '', agentToken: '' };
  await db.host.createMany({
    data: [
      { id: 'host-1', name: 'esx01', clusterId: 'domain-c1', ...host },
      { id: 'host-2', name: 'esx02', clusterId: null, ...host },
    ],
  });
  const vm = { cpuCount: 1, memoryMib: 64, guestFullName: '', datastoreId: '', vmxPath: '' };
  await db.vm.createMany({
    data: ['host-1', 'host-2'].map((hostId, index) => ({
      ...vm,
      ...{ id: `vm-${index + 1}`, name: `vm${index + 1}`, instanceUuid: `u${index}` },
      ...{ hostId, desiredPowerState: 'poweredOff' },
    })),
  });
});
afterAll(() => test.close());

async function grant(objectId: string, roleId: number, propagate = true): Promise<void> {
  await test.database.permission.create({
    data: { objectId, userId: 'user-1', roleId, propagate },
  });
}

async function missing(privilege: Privilege, ...objectIds: string[]): Promise<string[]> {
  const wanted = objectIds.map((objectId) => ({ privilege, objectId }));
  const found = await listMissingPrivileges(test.database, caller, wanted);
  return found.map(({ objectId }) => objectId);
}

it('walks from the object up to the root folder', async () => {
  expect(await missing(POWER, 'vm-1', ROOT_FOLDER_ID)).toEqual(['vm-1', ROOT_FOLDER_ID]);
  await grant('domain-c1', 1);
  expect(await missing(POWER, 'vm-1', 'host-1', 'vm-2', 'host-2')).toEqual(['vm-2', 'host-2']);
  await grant('vm-1', 3);
  expect(await missing(POWER, 'vm-1', 'host-1')).toEqual(['vm-1']);
  await grant(ROOT_FOLDER_ID, 2);
  expect(await missing(PATCH, 'vm-1', 'host-1', 'host-2', 'vm-2')).toEqual(['vm-1', 'host-1']);
  const reasons = await missingPrivilegeReasons(test.database, caller, [
    { privilege: PATCH, objectId: 'host-1' },
  ]);
  expect(reasons).toMatchObject([
    {
      fault: 'NoPermission',
      message: 'ann lacks the privilege Host.Config.Patch on esx01.',
      objects: ['host-1'],
    },
  ]);
});

it('adds what comes down to a virtual machine by its folder and by its host', async () => {
  const { database: db } = test;
  const folder = { type: 'vm', datacenterId: 'datacenter-1' };
  await db.folder.create({ data: { id: 'group-v1', name: 'Web', ...folder } });
  const below = { name: 'Old', parentId: 'group-v1', ...folder };
  await db.folder.create({ data: { id: 'group-v2', ...below } });
  await db.user.create({ data: { id: 'user-2', name: 'bob', passwordHash: '' } });
  const bob = { userId: 'user-2', name: 'bob' };
  const lacks = async (...objectIds: string[]) => {
    const wanted = objectIds.map((objectId) => ({ privilege: POWER, objectId }));
    const found = await listMissingPrivileges(db, bob, wanted);
    return found.map(({ objectId }) => objectId);
  };
  const give = (objectId: string, roleId: number) =>
    db.permission.create({ data: { objectId, userId: 'user-2', roleId, propagate: true } });
  await give('group-v1', 1);
  expect(await lacks('vm-2', 'group-v2')).toEqual(['vm-2']);
  await db.vm.update({ where: { id: 'vm-2' }, data: { folderId: 'group-v2' } });
  // Nothing on its host takes nothing away from what its folder gives.
  await give('host-2', 3);
  expect(await lacks('vm-2', 'host-2', 'vm-1')).toEqual(['host-2', 'vm-1']);
  await give('group-v2', 3);
  expect(await lacks('vm-2', 'group-v2', 'group-v1')).toEqual(['vm-2', 'group-v2']);
});

it('inherits along the folders of hosts and clusters', async () => {
  const { database: db } = test;
  const folder = { type: 'host', datacenterId: 'datacenter-1' };
  await db.folder.create({ data: { id: 'group-h1', name: 'Site A', ...folder } });
  await db.user.create({ data: { id: 'user-3', name: 'eve', passwordHash: '' } });
  const eve = { userId: 'user-3', name: 'eve' };
  await db.permission.create({
    data: { objectId: 'group-h1', userId: 'user-3', roleId: 1, propagate: true },
  });
  const wanted = ['vm-1', 'host-1', 'domain-c1', 'host-2'].map((objectId) => ({
    ...{ privilege: POWER, objectId },
  }));
  expect(await listMissingPrivileges(db, eve, wanted)).toHaveLength(4);
  await db.cluster.update({ where: { id: 'domain-c1' }, data: { folderId: 'group-h1' } });
  expect(await listMissingPrivileges(db, eve, wanted)).toMatchObject([{ objectId: 'host-2' }]);
  await db.host.update({ where: { id: 'host-2' }, data: { folderId: 'group-h1' } });
  expect(await listMissingPrivileges(db, eve, wanted)).toEqual([]);
});

it('gives a disabled user nothing and the product itself everything', async () => {
  await test.database.user.update({ where: { id: 'user-1' }, data: { disabled: true } });
  expect(await missing(PATCH, 'host-2')).toEqual(['host-2']);
  const system = { userId: null, name: 'DRS' };
  const wanted = [{ privilege: PATCH, objectId: 'host-2' }];
  expect(await listMissingPrivileges(test.database, system, wanted)).toEqual([]);
});

it('does not inherit what is not propagated', () => {
  const path = ['vm-1', 'host-1', ROOT_FOLDER_ID];
  const root = { objectId: ROOT_FOLDER_ID, propagate: true, privileges: [PATCH] };
  const host = { objectId: 'host-1', propagate: false, privileges: [POWER] };
  expect(effectivePrivileges([root, host], path)).toEqual([PATCH]);
  expect(effectivePrivileges([root, host], path.slice(1))).toEqual([POWER]);
});
