// The list of VMs on a real database: searched, sorted and paged, and never older than the
// question, whatever has changed: a VM, its host, its policy, its tags.
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { systemClock } from '../../base/system-clock.ts';
import { systemRandom } from '../../base/system-random.ts';
import { recordChange } from '../changes/record-change.ts';
import { openTestDatabase, type TestDatabase } from '../database/test-database.ts';
import { seedTestInventory } from '../inventory/seed-test-inventory.ts';
import { readVms } from '../vms/read-vms.ts';
import { VmList } from './vm-list.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const QUERY = { search: '', sort: 'name', offset: 0, limit: 100 };
let lab: TestDatabase;
let list: VmList;

beforeAll(async () => {
  lab = await openTestDatabase();
  await seedTestInventory(lab.database, systemRandom);
  await lab.database.vm.createMany({
    data: Array.from({ length: 130 }, (_, number) => ({
      ...{ id: `vm-${9000 + number}`, name: `many${number}`, instanceUuid: `many-${number}` },
      ...{ hostId: number < 100 ? 'host-2' : 'host-3', cpuCount: 1, guestFullName: 'Other' },
      ...{ memoryMib: number, datastoreId: 'datastore-1', vmxPath: `many${number}/many.vmx` },
      desiredPowerState: 'poweredOff',
    })),
  });
  list = new VmList(lab.database, systemClock);
});
afterAll(() => lab.close());

async function names(query: Partial<Parameters<VmList['query']>[0]>): Promise<string[]> {
  return (await list.query({ ...QUERY, ...query })).rows.map(({ name }) => name);
}

test('a page is a part of what matches, in the order asked for', async () => {
  const page = await list.query({ ...QUERY, search: 'name:many', offset: 9, limit: 3 });
  expect(page).toMatchObject({ total: 132, matching: 130 });
  expect(page.rows.map(({ name }) => name)).toEqual(['many9', 'many10', 'many11']);
  expect(await names({ sort: '-memory', limit: 3 })).toEqual(['db01', 'web01', 'many129']);
  expect(await names({ search: 'power:"powered on"' })).toEqual(['web01']);
  expect(await names({ search: 'memory<3 many' })).toEqual(['many0', 'many1', 'many2']);
  expect(await names({ search: 'many memory:"129 mib"' })).toEqual(['many129']);
  expect(await names({ search: '"128 MiB"' })).toEqual(['many128']);
  expect(await names({ sort: 'nosuch', limit: 1 })).toEqual(['db01']);
  expect(await list.query({ ...QUERY, hostId: 'host-3' })).toMatchObject({ total: 30 });
  expect(await list.query({ ...QUERY, clusterId: 'domain-c1' })).toMatchObject({ total: 102 });
});

test('it says what a column holds, and how many there are of what', async () => {
  expect(await list.texts({ column: 'power' })).toEqual([
    { text: 'Powered off', count: 131 },
    { text: 'Powered on', count: 1 },
  ]);
  expect(await list.totals()).toEqual({
    ...{ total: 132, poweredOn: 1, filtered: 1 },
    ...{ firstPoweredOn: { id: 'vm-1', name: 'web01' } },
    ...{ firstFiltered: { id: 'vm-1', name: 'web01' } },
  });
});

test('what has changed before a question is in its answer', async () => {
  const db = lab.database;
  await db.vm.update({ where: { id: 'vm-9000' }, data: { name: 'aaa' } });
  await recordChange(db, { object: 'vm-9000', path: 'name' });
  expect(await names({ limit: 1 })).toEqual(['aaa']);

  await db.vm.delete({ where: { id: 'vm-9001' } });
  await recordChange(db, { object: 'vm-9001', path: 'deleted' });
  expect((await list.query(QUERY)).total).toBe(131);

  await db.host.update({ where: { id: 'host-2' }, data: { name: 'renamed' } });
  await recordChange(db, { object: 'host-2', path: 'name' });
  expect((await list.query({ ...QUERY, search: 'host:renamed' })).matching).toBe(99);

  const [tag, category] = ['tag-1', 'tagcategory-1'];
  await db.tagCategory.create({ data: { id: category, name: 'Environment' } });
  await db.tag.create({ data: { id: tag, name: 'prod', categoryId: category } });
  await db.tagAssignment.create({ data: { tagId: tag, objectId: 'vm-2' } });
  await recordChange(db, { object: 'vm-2', path: 'tags' });
  expect(await names({ search: 'tags:prod' })).toEqual(['db01']);

  await db.policy.update({ where: { id: 'profile-1' }, data: { generation: 2 } });
  await recordChange(db, { object: 'profile-1', path: 'updated' });
  expect(await names({ search: 'compliance:"out of date"' })).toEqual(['web01']);

  const { rows } = await list.query({ ...QUERY, limit: 1_000 });
  const anew = await readVms(db);
  expect(rows.toSorted((a, b) => (a.id < b.id ? -1 : 1))).toEqual(
    anew.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
  );
});

test('a list that was suspended with its machine is read anew', async () => {
  let sleptMs = 0;
  const now = () => systemClock.now() + sleptMs;
  const sleeper = new VmList(lab.database, { ...systemClock, now });
  const count = async () => (await sleeper.query({ ...QUERY, search: 'name:woken' })).matching;
  expect(await count()).toBe(0);
  // As if its change were gone from the log by now.
  await lab.database.vm.update({ where: { id: 'vm-9002' }, data: { name: 'woken' } });
  expect(await count()).toBe(0);
  sleptMs = 60 * 60_000;
  expect(await count()).toBe(1);
});
