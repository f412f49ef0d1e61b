// Resource pools on a database: made, changed, filled, deleted; what they reserve is asked at
// power-on, and permissions on them hold for what is in them.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemRandom } from '../../base/system-random.ts';
import { planPowerOn } from '../../rules/power.ts';
import { transact } from '../changes/transact.ts';
import { openTestDatabase, type TestDatabase } from '../database/test-database.ts';
import { readInventory } from '../inventory/read-inventory.ts';
import { seedTestInventory } from '../inventory/seed-test-inventory.ts';
import { systemCaller } from '../permissions/caller.ts';
import { findObjectPaths } from '../permissions/object-parents.ts';
import { observePowerOn } from '../vms/power-on.ts';
import { addPool, assignToPool, changePool, deletePool } from './edit-pools.ts';
import { dropPools, lockPoolsAround } from './pool-store.ts';
import { readPool } from './read-pool.ts';

let test: TestDatabase;
const caller = systemCaller('tester');
const memory = { memoryReservationMib: 0, memoryLimitMib: null };

beforeAll(async () => {
  test = await openTestDatabase();
  await seedTestInventory(test.database, systemRandom);
  await test.database.resourcePool.deleteMany();
}, 120_000);
afterAll(() => test.close());

it('holds virtual machines and pools, and gives them up when it is deleted', async () => {
  const db = test.database;
  const outer = await addPool(db, caller, { name: 'Gold', parentId: 'domain-c1', ...memory });
  const inner = await addPool(db, caller, { name: 'Shop', parentId: outer, ...memory });
  const twin = addPool(db, caller, { name: 'Gold', parentId: 'domain-c1', ...memory });
  await expect(twin).rejects.toMatchObject({ fault: 'DuplicateName' });
  await assignToPool(db, caller, { poolId: inner, vmIds: ['vm-1'] });
  expect(await readPool({ db, caller }, inner)).toMatchObject({
    parent: { id: outer, name: 'Gold' },
    owner: { id: 'domain-c1' },
    vms: [{ id: 'vm-1' }],
  });
  const paths = (await findObjectPaths(db, ['vm-1', inner])).get('vm-1') ?? [];
  expect(paths.some((path) => path.slice(1, 4).join() === `${inner},${outer},domain-c1`)).toBe(
    true,
  );
  // Elsewhere its pool is not above it, and gives nobody a right.
  await db.vm.update({ where: { id: 'vm-1' }, data: { hostId: 'host-3' } });
  expect(JSON.stringify([...(await findObjectPaths(db, ['vm-1']))])).not.toContain(inner);
  await db.vm.update({ where: { id: 'vm-1' }, data: { hostId: 'host-1' } });
  const { nodes } = await readInventory(db);
  expect(nodes.find(({ id }) => id === inner)).toMatchObject({ parentId: outer });
  await changePool(db, caller, { id: outer, name: 'Platinum' });
  await deletePool(db, caller, outer);
  expect(await readPool({ db, caller }, inner)).toMatchObject({ parent: null });
  await deletePool(db, caller, inner);
  expect(await db.vm.findUnique({ where: { id: 'vm-1' } })).toMatchObject({ resourcePoolId: null });
});

it('keeps its reservation from others, and is asked at power-on', async () => {
  const db = test.database;
  await db.vm.update({ where: { id: 'vm-1' }, data: { powerState: 'poweredOff' } });
  const before = planPowerOn(await observePowerOn(db, 'vm-1')).verdict;
  expect(before.allowed).toBe(true);
  const limit = await addPool(db, caller, {
    ...{ name: 'Small', parentId: 'domain-c1', memoryReservationMib: 0, memoryLimitMib: 1 },
  });
  await assignToPool(db, caller, { poolId: limit, vmIds: ['vm-1'] });
  expect(planPowerOn(await observePowerOn(db, 'vm-1')).verdict.reasons).toMatchObject([
    { fault: 'InsufficientMemoryResourceFault', objects: [limit] },
  ]);
  await deletePool(db, caller, limit);
  const reserved = { memoryReservationMib: await memoryOfHosts(), memoryLimitMib: null };
  const greedy = await addPool(db, caller, { name: 'All', parentId: 'domain-c1', ...reserved });
  expect(planPowerOn(await observePowerOn(db, 'vm-1')).verdict.reasons).toMatchObject([
    { fault: 'InsufficientMemoryResourceFault', objects: [greedy] },
  ]);
  const second = addPool(db, caller, {
    ...{ name: 'More', parentId: 'domain-c1', memoryReservationMib: 1, memoryLimitMib: null },
  });
  await expect(second).rejects.toMatchObject({ fault: 'InsufficientMemoryResourceFault' });
  await assignToPool(db, caller, { poolId: greedy, vmIds: ['vm-1'] });
  expect(planPowerOn(await observePowerOn(db, 'vm-1')).verdict.allowed).toBe(true);
  await dropPools(db, { clusterId: 'domain-c1' });
  expect(await db.resourcePool.count()).toBe(0);
});

it('counts a machine that was let start and does not run yet, but not the one judged', async () => {
  const db = test.database;
  const off = { powerState: 'poweredOff', desiredPowerState: 'poweredOff' };
  await db.vm.updateMany({ where: { id: { in: ['vm-1', 'vm-2'] } }, data: off });
  const { memoryMib } = await db.vm.findUniqueOrThrow({ where: { id: 'vm-1' } });
  const poolId = await addPool(db, caller, {
    ...{ name: 'Room for one', parentId: 'domain-c1', memoryReservationMib: 0 },
    memoryLimitMib: memoryMib,
  });
  await assignToPool(db, caller, { poolId, vmIds: ['vm-1', 'vm-2'] });
  const judge = async () => planPowerOn(await observePowerOn(db, 'vm-1')).verdict;
  const letStart = (id: string) =>
    db.vm.update({ where: { id }, data: { desiredPowerState: 'poweredOn' } });
  await letStart('vm-1');
  expect((await judge()).allowed).toBe(true);
  await letStart('vm-2');
  expect((await judge()).reasons).toMatchObject([
    { fault: 'InsufficientMemoryResourceFault', objects: [poolId] },
  ]);
  await db.vm.updateMany({ where: { id: { in: ['vm-1', 'vm-2'] } }, data: off });
  // Both at once: one is let start, and the other sees it.
  const start = (id: string) =>
    transact(db, async (tx) => {
      await lockPoolsAround(tx, id);
      const { allowed } = planPowerOn(await observePowerOn(tx, id)).verdict;
      const data = { desiredPowerState: 'poweredOn' };
      if (allowed) await tx.vm.update({ where: { id }, data });
      return allowed;
    });
  expect((await Promise.all([start('vm-1'), start('vm-2')])).sort()).toEqual([false, true]);
  await dropPools(db, { clusterId: 'domain-c1' });
});

it('is not made on a host of a cluster, and takes nobody from elsewhere', async () => {
  const db = test.database;
  const inCluster = addPool(db, caller, { name: 'Gold', parentId: 'host-1', ...memory });
  await expect(inCluster).rejects.toMatchObject({ fault: 'InvalidArgument' });
  const away = addPool(db, caller, { name: 'Gold', parentId: 'domain-c99', ...memory });
  await expect(away).rejects.toMatchObject({ fault: 'NotFound' });
  const pool = await addPool(db, caller, { name: 'Gold', parentId: 'domain-c1', ...memory });
  const stranger = assignToPool(db, caller, { poolId: pool, vmIds: ['vm-999'] });
  await expect(stranger).rejects.toMatchObject({ fault: 'NotFound' });
});

async function memoryOfHosts(): Promise<number> {
  const hosts = await test.database.host.findMany({
    where: { clusterId: 'domain-c1', connectionState: 'connected', maintenanceState: 'normal' },
  });
  return hosts.reduce((sum, { memoryMib }) => sum + (memoryMib ?? 0), 0);
}
