// What an administrator does with key providers: add, choose the default one, back up, restore,
// delete.
import { createCipheriv, createDecipheriv, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import { z } from 'zod';
import type { Clock } from '../../base/clock.ts';
import { type Random, randomHex } from '../../base/random.ts';
import { Fault } from '../../model/fault.ts';
import { ROOT_FOLDER_ID } from '../../model/inventory.ts';
import { keyIdSchema } from '../../model/key.ts';
import type { Privilege } from '../../model/role.ts';
import {
  backupPasswordSchema,
  createKeyProviderSchema,
  type KeyBackup,
  kmipAccessSchema,
  type kmipServerSchema,
  restoreKeyProviderSchema,
} from '../../wire/api/keys.ts';
import { recordChange } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import type { Database, DatabaseTransaction } from '../database/client.ts';
import { postEvent } from '../events/post-event.ts';
import { allocateId } from '../inventory/allocate-id.ts';
import type { Caller } from '../permissions/caller.ts';
import { requirePrivileges } from '../permissions/missing-privileges.ts';
import type { Sealer } from '../secrets/sealer.ts';
import { parseInput } from '../tasks/parse-input.ts';
import { addKeys, findKeyProvider, openAllKeys } from './key-providers.ts';
import { checkKeyServer, type KeyServerCheck } from './key-servers.ts';
import { CLIENT_KEY_PURPOSE } from './kmip-provider.ts';
import { keysOnServer, providerUses } from './read-key-providers.ts';

export interface KeyAdministration {
  db: Database;
  caller: Caller;
  sealer: Sealer;
  random: Random;
  clock: Clock;
}

interface ProviderKind {
  type: string;
  namespace?: string;
  server?: z.infer<typeof kmipServerSchema>;
  clientKey?: string;
}

const ALGORITHM = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const SCRYPT = { n: 65_536, r: 8, p: 1 };

/**
 * Returns its id; the first one is the default. The server of a KMIP provider is asked at once, but
 * need not answer. `DuplicateName`, `NoPermission`.
 */
export async function createKeyProvider(on: KeyAdministration, input: unknown): Promise<string> {
  const { name, kmip } = parseInput(createKeyProviderSchema, input);
  const id = await transact(on.db, async (tx) => {
    await mayManage(tx, on.caller, 'Cryptographer.ManageKeyServers');
    const namespace = `sluice-${randomHex(on.random, 6)}-`;
    const kind = kmip && { type: 'kmip', namespace, ...serverData(on, kmip) };
    return addProvider(tx, on.caller, { name, kind });
  });
  if (kmip) await checkKeyServer(on, await findKeyProvider(on.db, id));
  return id;
}

/** Asks the server of a provider. `NotFound`, `NoPermission`. */
export async function checkKeyProvider(on: KeyAdministration, id: string): Promise<KeyServerCheck> {
  await mayManage(on.db, on.caller, 'Cryptographer.ManageKeyServers');
  return checkKeyServer(on, await findKeyProvider(on.db, id));
}

/** Where the server is now, and how it is spoken to; it is asked at once. */
export async function changeKeyServer(
  on: KeyAdministration,
  id: string,
  input: unknown,
): Promise<KeyServerCheck> {
  const kmip = parseInput(kmipAccessSchema, input);
  await transact(on.db, async (tx) => {
    await mayManage(tx, on.caller, 'Cryptographer.ManageKeyServers');
    const { name, type } = await findKeyProvider(tx, id);
    if (type !== 'kmip') {
      throw new Fault('InvalidState', `${name} is a native key provider: it has no server.`);
    }
    await tx.keyProvider.update({ where: { id }, data: serverData(on, kmip) });
    const message = `${on.caller.name} changed the key server of ${name}.`;
    await announce(tx, on.caller, { id, message });
  });
  return checkKeyServer(on, await findKeyProvider(on.db, id));
}

function serverData({ sealer }: KeyAdministration, access: z.infer<typeof kmipAccessSchema>) {
  const { clientKey, ...server } = access;
  return { server, clientKey: sealer.seal(clientKey, CLIENT_KEY_PURPOSE) };
}

/** Takes the disks whose policy names no provider. */
export async function setDefaultKeyProvider(on: KeyAdministration, id: string): Promise<void> {
  await transact(on.db, async (tx) => {
    await mayManage(tx, on.caller, 'Cryptographer.ManageKeyServers');
    const { name } = await findKeyProvider(tx, id);
    await tx.keyProvider.updateMany({ data: { isDefault: false } });
    await tx.keyProvider.update({ where: { id }, data: { isDefault: true } });
    await announce(tx, on.caller, { id, message: `${name} is the default key provider.` });
  });
}

/** With its keys. `ResourceInUse` names each disk that would be lost. */
export async function deleteKeyProvider(on: KeyAdministration, id: string): Promise<void> {
  await transact(on.db, async (tx) => {
    await mayManage(tx, on.caller, 'Cryptographer.ManageKeyServers');
    const { name, type } = await findKeyProvider(tx, id);
    const reasons = (await providerUses(tx, name)).reasons;
    const [first] = reasons;
    if (first) throw new Fault('ResourceInUse', first.message, { reasons });
    await tx.keyProvider.delete({ where: { id } });
    const what = type === 'kmip' ? '; its keys stay on the server' : ' with its keys';
    const message = `${on.caller.name} deleted the key provider ${name}${what}.`;
    await announce(tx, on.caller, { id, message });
  });
}

/** All its keys, sealed with a password of which nothing is kept. */
export async function backUpKeyProvider(
  on: KeyAdministration,
  id: string,
  input: unknown,
): Promise<KeyBackup> {
  const { password } = parseInput(backupPasswordSchema, input);
  const { db, caller, sealer, random, clock } = on;
  await mayManage(db, caller, 'Cryptographer.ManageKeys');
  const { name, type } = await findKeyProvider(db, id);
  if (type === 'kmip') throw new Fault('InvalidState', keysOnServer(name));
  const keys = await openAllKeys({ db, sealer }, id);
  const salt = random.bytes(16);
  const nonce = random.bytes(NONCE_BYTES);
  const key = await keyOf(password, salt, SCRYPT);
  const cipher = createCipheriv(ALGORITHM, key, nonce).setAAD(Buffer.from(name));
  const body = Buffer.concat([cipher.update(JSON.stringify(keys), 'utf8'), cipher.final()]);
  const at = new Date(clock.now());
  await transact(db, async (tx) => {
    const data = { backedUpAt: at, backedUp: keys.length };
    await tx.keyProvider.update({ where: { id }, data });
    const message = `${caller.name} backed up the key provider ${name}: ${keys.length} keys.`;
    await announce(tx, caller, { id, message });
  });
  return {
    format: 'sluice-key-backup-1',
    provider: name,
    createdAt: at.toISOString(),
    keyCount: keys.length,
    scrypt: { salt: base64(salt), ...SCRYPT },
    nonce: base64(nonce),
    sealed: base64(Buffer.concat([cipher.getAuthTag(), body])),
  };
}

/**
 * Makes the provider of a backup, or adds the keys that it lacks. Returns its id. `InvalidArgument`
 * for a wrong password or a changed file.
 */
export async function restoreKeyProvider(on: KeyAdministration, input: unknown): Promise<string> {
  const { backup, password } = parseInput(restoreKeyProviderSchema, input);
  await mayManage(on.db, on.caller, 'Cryptographer.ManageKeys');
  const keys = await openBackup(backup, password);
  const { provider: name } = backup;
  return transact(on.db, async (tx) => {
    const known = await tx.keyProvider.findUnique({ where: { name } });
    if (known?.type === 'kmip') throw new Fault('InvalidState', keysOnServer(name));
    const id = known?.id ?? (await addProvider(tx, on.caller, { name }));
    const added = await addKeys({ db: tx, sealer: on.sealer }, id, keys);
    const message = `${on.caller.name} restored the key provider ${name}: ${added} keys added.`;
    await announce(tx, on.caller, { id, message });
    return id;
  });
}

const keysSchema = z.array(z.object({ keyId: keyIdSchema, value: z.base64().length(44) }));

async function openBackup({ scrypt: how, nonce, sealed, provider }: KeyBackup, password: string) {
  const key = await keyOf(password, Buffer.from(how.salt, 'base64'), how);
  const bytes = Buffer.from(sealed, 'base64');
  try {
    const cipher = createDecipheriv(ALGORITHM, key, Buffer.from(nonce, 'base64'), {
      authTagLength: TAG_BYTES,
    });
    cipher.setAAD(Buffer.from(provider)).setAuthTag(bytes.subarray(0, TAG_BYTES));
    const text = Buffer.concat([cipher.update(bytes.subarray(TAG_BYTES)), cipher.final()]);
    return keysSchema.parse(JSON.parse(text.toString('utf8')));
  } catch (cause) {
    const message =
      'The backup cannot be opened: the password is another, or the file was changed.';
    throw new Fault('InvalidArgument', message, { cause });
  }
}

const derive: (
  password: string,
  salt: Uint8Array,
  length: number,
  options: object,
) => Promise<Buffer> = promisify(scrypt);

function keyOf(password: string, salt: Uint8Array, { n, r, p }: typeof SCRYPT): Promise<Buffer> {
  return derive(password, salt, 32, { N: n, r, p, maxmem: 256 * n * r });
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

/** Of a native one when no kind is given. */
async function addProvider(
  tx: DatabaseTransaction,
  caller: Caller,
  { name, kind = { type: 'native' } }: { name: string; kind?: ProviderKind },
): Promise<string> {
  if (await tx.keyProvider.findUnique({ where: { name } })) {
    throw new Fault('DuplicateName', `There is a key provider named ${name} already.`);
  }
  const id = await allocateId(tx, 'keyProvider');
  const isDefault = (await tx.keyProvider.count()) === 0;
  await tx.keyProvider.create({
    data: { id, name, ...kind, isDefault, createdBy: caller.name },
  });
  await announce(tx, caller, { id, message: `${caller.name} added the key provider ${name}.` });
  return id;
}

async function mayManage(tx: DatabaseTransaction, caller: Caller, privilege: Privilege) {
  await requirePrivileges(tx, caller, [{ privilege, objectId: ROOT_FOLDER_ID }]);
}

async function announce(
  tx: DatabaseTransaction,
  caller: Caller,
  { id, message }: { id: string; message: string },
): Promise<void> {
  await postEvent(tx, {
    type: 'KeyProviderChangedEvent',
    severity: 'info',
    message,
    objects: [id],
    initiator: caller.name,
  });
  await recordChange(tx, { object: id, path: 'keyProvider' });
}
