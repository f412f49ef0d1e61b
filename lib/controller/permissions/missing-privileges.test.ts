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
