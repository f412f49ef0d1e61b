// Tests of key providers: what is kept is sealed, a backup opens with its password alone, disks in
// use keep a provider, and a call of a host that names an encrypted VM brings its keys.
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { systemClock } from '../../base/system-clock.ts';
import { systemRandom } from '../../base/system-random.ts';
import { SealedBox } from '../../formats/sealed-box/sealed-box.ts';
import { Fault } from '../../model/fault.ts';
import { powerOnVm, type VmRunSpec } from '../../wire/agent/host-rpc.ts';
import { decodeKeys } from '../../wire/agent/key-bytes.ts';
import { putKeys, readKeyBox } from '../../wire/agent/key-rpc.ts';
import type { Agents } from '../agents/agent-client.ts';
import { openTestDatabase, type TestDatabase } from '../database/test-database.ts';
import { systemCaller } from '../permissions/caller.ts';
import { createSealer } from '../secrets/sealer.ts';
import {
  backUpKeyProvider,
  createKeyProvider,
  deleteKeyProvider,
  type KeyAdministration,
  restoreKeyProvider,
  setDefaultKeyProvider,
} from './change-key-providers.ts';
import { findKeys } from './find-keys.ts';
import { chooseKeyProvider, missingKeyProviders } from './key-providers.ts';
import { keyedAgents } from './keyed-agents.ts';
import { withKeys } from './managed-properties.ts';
import { readKeyProviders } from './read-key-providers.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 400_000 });

const PASSWORD = 'correct horse battery';
const sealer = createSealer(systemRandom.bytes(32), systemRandom);
const encryption = { name: 'encryption', class: 'encryption' as const, properties: {} };
let database: TestDatabase;
let on: KeyAdministration;
let id = '';

beforeAll(async () => {
  database = await openTestDatabase();
  const caller = systemCaller('tester');
  on = { db: database.database, caller, sealer, random: systemRandom, clock: systemClock };
  id = await createKeyProvider(on, { name: 'vault' });
});
afterAll(() => database.close());

function parts() {
  return { db: on.db, sealer, random: systemRandom };
}

test('the first one is the default; names are unique, and stay', async () => {
  const other = await createKeyProvider(on, { name: 'other' });
  await expect(createKeyProvider(on, { name: 'vault' })).rejects.toMatchObject({
    fault: 'DuplicateName',
  });
  expect((await chooseKeyProvider(on.db, '')).name).toBe('vault');
  await setDefaultKeyProvider(on, other);
  expect((await chooseKeyProvider(on.db, '')).name).toBe('other');
  await setDefaultKeyProvider(on, id);
  await deleteKeyProvider(on, other);
  expect(await readKeyProviders(on)).toMatchObject([{ name: 'vault', isDefault: true }]);
  const named = { ...encryption, properties: { keyProvider: 'nowhere' } };
  expect(await missingKeyProviders(on.db, [encryption, named])).toMatchObject([
    { fault: 'NotFound', message: 'There is no key provider nowhere.' },
  ]);
});

test('a disk gets a key once, and a new one when it is re-encrypted', async () => {
  const wanted = [{ ...encryption, properties: { keyProvider: '', walkMibPerSecond: 5 } }];
  const first = await withKeys(parts(), { current: [], wanted }, { name: 'vm-1.2000.task-1' });
  expect(first[0]?.properties).toMatchObject({
    ...{ keyProvider: 'vault', keyId: 'vm-1.2000.task-1', generation: 1, decrypt: false },
    walkMibPerSecond: 5,
  });
  const again = await withKeys(parts(), { current: first, wanted }, { name: 'vm-1.2000.task-2' });
  expect(again).toEqual(first);
  const change = { name: 'vm-1.2000.task-3', rewrap: true, deep: true };
  const deep = await withKeys(parts(), { current: first, wanted: first }, change);
  expect(deep[0]?.properties).toMatchObject({
    ...{ keyId: 'vm-1.2000.task-3', generation: 2 },
    ...{ previousProvider: 'vault', previousKeyId: 'vm-1.2000.task-1' },
  });
});

test('keys are kept sealed, and a backup opens with its password alone', async () => {
  const refs = [{ provider: 'vault', keyId: 'vm-1.2000.task-1' }];
  const {
    keys: [key],
  } = await findKeys(parts(), refs);
  const kept = JSON.stringify(await on.db.providerKey.findMany());
  expect(key?.value).toHaveLength(44);
  expect(kept).not.toContain(key?.value);
  const backup = await backUpKeyProvider(on, id, { password: PASSWORD });
  expect(JSON.stringify(backup)).not.toContain(key?.value);
  expect(await readKeyProviders(on)).toMatchObject([{ keyCount: 2, notBackedUp: 0 }]);
  await deleteKeyProvider(on, id);
  expect((await findKeys(parts(), refs)).keys).toEqual([]);
  const wrong = restoreKeyProvider(on, { backup, password: `${PASSWORD}!` });
  await expect(wrong).rejects.toMatchObject({ fault: 'InvalidArgument' });
  const renamed = { backup: { ...backup, provider: 'mine' }, password: PASSWORD };
  await expect(restoreKeyProvider(on, renamed)).rejects.toMatchObject({ fault: 'InvalidArgument' });
  id = await restoreKeyProvider(on, { backup, password: PASSWORD });
  expect((await findKeys(parts(), refs)).keys).toEqual([key]);
});

test('a call about an encrypted VM brings its keys first, or is not made', async () => {
  const made: { name: string; input: unknown }[] = [];
  const box = new SealedBox(systemRandom);
  const silent: Agents = {
    async call(_, rpc, input) {
      if (rpc.name === readKeyBox.name) return rpc.output.parse({ publicKey: box.publicKey });
      made.push({ name: rpc.name, input });
      throw new TypeError('the host is a test');
    },
  };
  const host = { id: 'host-1', name: 'esx01', agentUrl: 'http://127.0.0.1:1', agentToken: 't' };
  const agents = keyedAgents(silent, parts());
  const powerOn = (keyId: string) =>
    agents.call(host, powerOnVm, { operationKey: 'task-1', vm: specOf(keyId) });
  await expect(powerOn('vm-1.2000.task-1')).rejects.toThrow('the host is a test');
  expect(made.map(({ name }) => name)).toEqual(['putKeys']);
  const { vmId, sealed } = putKeys.input.parse(made[0]?.input);
  expect(decodeKeys(box.open(vmId, sealed))).toMatchObject([
    { provider: 'vault', keyId: 'vm-1.2000.task-1' },
  ]);
  await expect(powerOn('gone')).rejects.toMatchObject({
    fault: 'KeyNotAvailable',
    data: { keyId: 'gone', providerId: 'vault' },
  });
  expect(made).toHaveLength(1);
});

test('while a key server is away calls are made, since the host may have its keys', async () => {
  const pem = (what: string) => `-----BEGIN ${what}-----`;
  const kmip = {
    ...{ address: '127.0.0.1', port: 5696, clientKey: pem('PRIVATE KEY') },
    ...{ caCertificate: pem('CERTIFICATE'), clientCertificate: pem('CERTIFICATE') },
  };
  const away = await createKeyProvider(on, { name: 'away', kmip });
  expect(await readKeyProviders(on)).toMatchObject([
    { name: 'away', type: 'kmip', server: { port: 5696 }, trouble: expect.stringMatching(/used/) },
    { name: 'vault', server: null },
  ]);
  const data = { providerId: away, keyId: 'k', sealed: '', remoteId: '1' };
  await on.db.providerKey.create({ data });
  let hostLacksIt = false;
  const agents = keyedAgents(
    {
      async call(_, rpc) {
        if (hostLacksIt) throw new Fault('KeyNotAvailable', 'The host was not given the key.');
        return rpc.output.parse({ nbdPort: 1, nbdSocketPath: '/s' });
      },
    },
    parts(),
  );
  const host = { id: 'host-1', name: 'esx01', agentUrl: 'http://127.0.0.1:1', agentToken: 't' };
  const powerOn = () =>
    agents.call(host, powerOnVm, { operationKey: 'task-1', vm: specOf('k', 'away') });
  expect(await powerOn()).toMatchObject({ nbdPort: 1 });
  hostLacksIt = true;
  await expect(powerOn()).rejects.toMatchObject({
    fault: 'KeyNotAvailable',
    message: expect.stringMatching(/^The key k of away cannot be had\. A certificate/),
  });
});

function specOf(keyId: string, keyProvider = 'vault'): VmRunSpec {
  const filters = [{ ...encryption, properties: { keyProvider, keyId } }];
  return {
    ...{ vmId: 'vm-1', name: 'web01', instanceUuid: '7b1a7c46-9f6a-4c9e-9a55-0f7d3f9b1c11' },
    ...{ cpuCount: 1, memoryMib: 512, datastoreId: 'datastore-1', vmxPath: 'web01/web01.vmx' },
    nbdPort: 0,
    disks: [
      {
        ...{ key: 2000, label: 'Hard disk 1', unit: 'scsi0:0', datastoreId: 'datastore-1' },
        ...{ path: 'web01/web01.vmdk', capacityBytes: 1_048_576, filters },
      },
    ],
  };
}
