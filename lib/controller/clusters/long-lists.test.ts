// Lists that grow with the inventory are read in parts: the compatibility matrix by pages, and of a
// host's VMs the first.
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { systemRandom } from '../../base/system-random.ts';
import { openTestDatabase, type TestDatabase } from '../database/test-database.ts';
import { readHost } from '../hosts/read-host.ts';
import { seedTestInventory } from '../inventory/seed-test-inventory.ts';
import { systemCaller } from '../permissions/caller.ts';
import { readVms } from '../vms/read-vms.ts';
import { readCompatibilityMatrix } from './read-compatibility-matrix.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const CLUSTER = 'domain-c1';
const VMS = 130;
let lab: TestDatabase;
let hostId = '';

beforeAll(async () => {
  lab = await openTestDatabase();
  const db = lab.database;
  await seedTestInventory(db, systemRandom);
  const [host] = await db.host.findMany({ where: { clusterId: CLUSTER }, take: 1 });
  hostId = host?.id ?? '';
  await db.vm.deleteMany();
  await db.vm.createMany({
    data: Array.from({ length: VMS }, (_, number) => ({
      ...{ id: `vm-${9000 + number}`, name: `many${String(number).padStart(3, '0')}`, hostId },
      ...{ instanceUuid: `many-${number}`, cpuCount: 1, memoryMib: 4, guestFullName: 'Other' },
      ...{ datastoreId: 'datastore-1', vmxPath: `many${number}/many.vmx`, nbdPort: 0 },
      ...{ desiredPowerState: 'poweredOff', powerState: 'poweredOff', worldState: 'off' },
    })),
  });
});
afterAll(() => lab.close());

test('pages of the matrix are all VMs, each once, with a cell for each host', async () => {
  const db = lab.database;
  const first = await readCompatibilityMatrix(db, CLUSTER, { offset: 0, limit: 100 });
  const second = await readCompatibilityMatrix(db, CLUSTER, { offset: 100, limit: 100 });
  expect([first.total, first.vms.length, second.vms.length]).toEqual([VMS, 100, 30]);
  expect(second.cells.length).toBe(30 * second.hosts.length);
  const names = [...first.vms, ...second.vms].map(({ name }) => name);
  expect(new Set(names).size).toBe(VMS);
  expect(names).toEqual(names.toSorted());
});

test('the page of a host has its first VMs and their number, the list all of them', async () => {
  const db = lab.database;
  const host = await readHost({ db, caller: systemCaller('test') }, hostId);
  expect([host.vmCount, host.vms.length]).toEqual([VMS, 100]);
  expect(host.vms[0]?.name).toBe('many000');
  expect(await readVms(db, { hostId })).toHaveLength(VMS);
});
