// The folder of a new VM: its name, or the next one that no other VM has its files in.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemRandom } from '../../base/system-random.ts';
import { openTestDatabase, type TestDatabase } from '../database/test-database.ts';
import { seedTestInventory } from '../inventory/seed-test-inventory.ts';
import { freeFolder } from './free-folder.ts';

let test: TestDatabase;
beforeAll(async () => {
  test = await openTestDatabase();
  await seedTestInventory(test.database, systemRandom);
}, 120_000);
afterAll(() => test.close());

it('is the name, unless a VM that was renamed keeps its files there', async () => {
  const db = test.database;
  expect(await freeFolder(db, 'till')).toBe('till');
  const vmxPath = 'till/till.vmx';
  await db.vm.update({ where: { id: 'vm-1' }, data: { name: 'till 7', vmxPath } });
  expect(await freeFolder(db, 'till')).toBe('till_1');
  const disk = await db.disk.findFirstOrThrow({ where: { vmId: 'vm-1' } });
  const where = { vmId_key: { vmId: 'vm-1', key: disk.key } };
  await db.disk.update({ where, data: { path: 'till_1/till_1.vmdk' } });
  expect(await freeFolder(db, 'till')).toBe('till_2');
  expect(await freeFolder(db, 'ti')).toBe('ti');
});
