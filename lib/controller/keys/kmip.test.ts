// Tests of KMIP providers against PyKMIP's server: keys are made there once and fetched when they
// are needed, nothing of them stays here, and while the server is away hosts are told why.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { systemClock } from '../../base/system-clock.ts';
import { systemRandom } from '../../base/system-random.ts';
import { readAlarms } from '../alarms/read-alarms.ts';
import { openTestDatabase, type TestDatabase } from '../database/test-database.ts';
import { systemCaller } from '../permissions/caller.ts';
import { createSealer } from '../secrets/sealer.ts';
import {
  backUpKeyProvider,
  changeKeyServer,
  checkKeyProvider,
  createKeyProvider,
  type KeyAdministration,
} from './change-key-providers.ts';
import { faultOfMissing, findKeys } from './find-keys.ts';
import { chooseKeyProvider, drawKey } from './key-providers.ts';
import { readKeyProviders } from './read-key-providers.ts';
import { havePykmip, TestKmipServer } from './test-kmip-server.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 400_000 });

const REF = { provider: 'kms', keyId: 'vm-1.2000.task-1' };

describe.runIf(havePykmip())('a KMIP provider', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-kmip-'));
  let database: TestDatabase;
  let kms: TestKmipServer;
  let on: KeyAdministration;
  let id = '';

  beforeAll(async () => {
    [database, kms] = await Promise.all([openTestDatabase(), TestKmipServer.start(folder)]);
    const sealer = createSealer(systemRandom.bytes(32), systemRandom);
    const caller = systemCaller('tester');
    on = { db: database.database, caller, sealer, random: systemRandom, clock: systemClock };
    id = await createKeyProvider(on, { name: 'kms', kmip: kms.access });
  });
  afterAll(async () => {
    await kms.stop();
    await database.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function find() {
    return findKeys({ db: on.db, sealer: on.sealer }, [REF]);
  }

  test('has its keys made and kept by the server, each once', async () => {
    const provider = await chooseKeyProvider(on.db, 'kms');
    const parts = { db: on.db, sealer: on.sealer, random: on.random };
    expect(await drawKey(parts, provider, REF.keyId)).toEqual(REF);
    const { keys } = await find();
    expect(keys).toMatchObject([{ ...REF, value: expect.stringMatching(/^.{44}$/) }]);
    // A task that is run again, also when the row was lost meanwhile.
    await drawKey(parts, provider, REF.keyId);
    await on.db.providerKey.deleteMany();
    await drawKey(parts, provider, REF.keyId);
    expect((await find()).keys).toEqual(keys);
    await drawKey(parts, provider, 'vm-1.2000.task-2');
    const other = await findKeys(parts, [{ ...REF, keyId: 'vm-1.2000.task-2' }]);
    expect(other.keys[0]?.value).not.toBe(keys[0]?.value);
  });

  test('keeps neither its keys nor the client key in the clear', async () => {
    const [key] = (await find()).keys;
    const rows = await on.db.keyProvider.findMany({ include: { keys: true } });
    const events = await on.db.event.findMany({ select: { message: true, data: true } });
    const kept = JSON.stringify([rows, await readKeyProviders(on), events]);
    expect(kept).not.toContain(key?.value);
    const { clientKey } = kms.access;
    expect(kept).not.toContain(clientKey.split('\n')[1]);
    await expect(
      backUpKeyProvider(on, id, { password: 'correct horse battery' }),
    ).rejects.toMatchObject({ fault: 'InvalidState' });
  });

  test('says that its server is away, and gives the keys again when it is back', async () => {
    expect(await checkKeyProvider(on, id)).toMatchObject({ ok: true });
    const { keys } = await find();
    await kms.stop();
    const found = await find();
    expect(faultOfMissing([REF], found)).toMatchObject({
      fault: 'KeyNotAvailable',
      message: expect.stringMatching(/key vm-1\.2000\.task-1 of kms .* nothing listens there/),
      data: { keyId: REF.keyId, providerId: 'kms' },
    });
    const check = await checkKeyProvider(on, id);
    expect(check).toMatchObject({ ok: false });
    expect(await readKeyProviders(on)).toMatchObject([{ trouble: check.message }]);
    expect(await readAlarms(on.db)).toMatchObject([{ object: { name: 'kms' } }]);
    await kms.resume();
    expect((await find()).keys).toEqual(keys);
    expect(await checkKeyProvider(on, id)).toMatchObject({ ok: true });
    expect(await readAlarms(on.db)).toEqual([]);
    const events = await on.db.event.findMany({ where: { type: { startsWith: 'KeyServer' } } });
    expect(events.map(({ type }) => type)).toEqual([
      'KeyServerUnavailableEvent',
      'KeyServerAvailableEvent',
    ]);
  });

  test('names a key that its server lacks, and a server that it must not trust', async () => {
    const lost = { ...REF, keyId: 'vm-1.2000.task-9' };
    const data = { providerId: id, keyId: lost.keyId, sealed: '', remoteId: '4711' };
    await on.db.providerKey.create({ data });
    const parts = { db: on.db, sealer: on.sealer };
    expect(faultOfMissing([lost], await findKeys(parts, [lost]))).toMatchObject({
      message: 'The key provider kms does not have the key vm-1.2000.task-9.',
    });
    const { clientCertificate } = kms.access;
    const access = { ...kms.access, caCertificate: clientCertificate };
    const refused = await changeKeyServer(on, id, access);
    expect(refused).toMatchObject({ ok: false, message: expect.stringMatching(/certificate/) });
    expect(await changeKeyServer(on, id, kms.access)).toMatchObject({ ok: true });
  });
});
