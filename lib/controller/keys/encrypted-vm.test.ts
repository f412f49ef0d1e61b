// Tests of the tasks around encrypted disks, against hosts that TestAgents play: a policy brings a
// key, a rekey another, a host that lost its keys gets them again, and encryption leaves a disk
// only when the disk was decrypted.
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { diskFilterSchema } from '../../model/filter.ts';
import { caller, openTestLab, type TestLab, testVib } from '../test-lab.ts';
import { assignPolicies } from '../vms/assign-policies.ts';
import { createKeyProvider } from './change-key-providers.ts';
import { findKeys } from './find-keys.ts';
import { keyedAgents } from './keyed-agents.ts';
import { recryptVm } from './recrypt-vm.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 400_000 });

const filtersSchema = z.array(diskFilterSchema);
let lab: TestLab;
let vmId = '';

beforeAll(async () => {
  lab = await openTestLab();
  const { services, agents } = lab;
  services.agents = keyedAgents(services.agents, services);
  for (const agent of agents) {
    agent.report.vibs.push(testVib('encryption'));
    agent.changed();
  }
  const where = { filterName: 'encryption' };
  await lab.eventually(async () => (await lab.db.hostVib.count({ where })) === agents.length);
  vmId = lab.vmIds[0] ?? '';
  const rule = { filterClass: 'encryption', provider: 'encryption', properties: {} };
  const policy = { id: 'profile-9', name: 'Encrypted', description: '', rules: [rule] };
  await lab.db.policy.create({ data: { ...policy, createdBy: 'tester', updatedBy: 'tester' } });
});
afterAll(() => lab.close());

async function assign(policyId: string | null): Promise<void> {
  const assignments = [{ diskKey: 2000, policyId }];
  expect(await lab.run(assignPolicies, { vmId, assignments })).toMatchObject({ state: 'success' });
}

async function properties() {
  const where = { vmId_key: { vmId, key: 2000 } };
  const { filters } = await lab.db.disk.findUniqueOrThrow({ where });
  return filtersSchema.parse(filters)[0]?.properties;
}

test('a disk gets a key with its policy, another by a rekey, decrypted at last', async () => {
  const assignments = [{ diskKey: 2000, policyId: 'profile-9' }];
  await expect(lab.submit(assignPolicies, { vmId, assignments })).rejects.toMatchObject({
    message: 'There is no default key provider.',
  });
  await createKeyProvider({ ...lab.services, caller }, { name: 'vault' });
  await assign('profile-9');
  const first = await properties();
  expect(first).toMatchObject({ keyProvider: 'vault', generation: 1, decrypt: false });
  expect(lab.agents[0]?.keys.get(vmId)).toMatchObject([{ keyId: first?.keyId }]);

  const deep = await lab.run(recryptVm, { vmId, deep: true });
  expect(deep).toMatchObject({ state: 'success', result: { disks: 1 } });
  expect(await properties()).toMatchObject({ generation: 2, previousKeyId: first?.keyId });

  await expectNoKeyInTheClear();

  const esx01 = lab.agents[0];
  esx01?.keys.clear();
  const trouble = { kind: 'keyMissing' as const, keyId: 'k', providerId: 'vault', message: 'm' };
  Object.assign(esx01?.world(vmId) ?? {}, { trouble });
  esx01?.changed();
  await lab.eventually(async () => esx01?.keys.has(vmId));

  await assign(null);
  expect(await properties()).toBeUndefined();
  const calls = esx01?.calls.filter(({ name }) => name === 'setDiskFilters') ?? [];
  expect(calls.map(({ operationKey }) => operationKey.split(':')[1])).toEqual([
    ...['filters', 'recrypt', 'decrypt', 'filters'],
  ]);
});

/** In any column of any table: tasks and their inputs, events, and the change log among them. */
async function expectNoKeyInTheClear(): Promise<void> {
  const refs = await lab.db.providerKey.findMany({ include: { provider: true } });
  const named = refs.map(({ keyId, provider }) => ({ provider: provider.name, keyId }));
  const { keys } = await findKeys(lab.services, named);
  expect(keys.length).toBeGreaterThan(1);
  const tables = await lab.db.$queryRaw<{ name: string }[]>`
    SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'`;
  expect(tables.length).toBeGreaterThan(20);
  for (const { name } of tables) {
    const rows = await lab.db.$queryRawUnsafe(
      `SELECT coalesce(json_agg(row)::text, '') AS text FROM "${name}" row`,
    );
    const text = JSON.stringify(rows);
    for (const { value } of keys) {
      const hex = Buffer.from(value, 'base64').toString('hex');
      expect(text.includes(value) || text.includes(hex), name).toBe(false);
    }
  }
}
