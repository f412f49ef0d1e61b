// Keys of a key provider that stand on a KMIP server: made there under a name, fetched for the
// moment in which a host needs them, and never kept here.
import { FormatError } from '../../formats/format-error.ts';
import { identifiersIn, keyIn, serverIn } from '../../formats/kmip/messages.ts';
import { OPERATION } from '../../formats/kmip/tags.ts';
import { Fault } from '../../model/fault.ts';
import { type KmipServerView, kmipServerSchema } from '../../wire/api/keys.ts';
import type { KeyProvider } from '../database/generated/client.ts';
import type { Sealer } from '../secrets/sealer.ts';
import { type AskKmip, KmipError, type KmipServer, withKmip } from './kmip-connection.ts';

export const CLIENT_KEY_PURPOSE = 'client key of a key provider';
const NEEDED = ['create', 'locate', 'get', 'activate'] as const;

/** Of a provider whose type is kmip. */
export function kmipServerOf(provider: KeyProvider, sealer: Sealer): KmipServer {
  const server = kmipServerSchema.parse(provider.server);
  return { ...server, clientKey: sealer.open(provider.clientKey ?? '', CLIENT_KEY_PURPOSE) };
}

/** What the console shows of it; null for another type. */
export function shownServer({ server }: Pick<KeyProvider, 'server'>): KmipServerView | null {
  return kmipServerSchema.nullable().parse(server);
}

/** What the server calls its maker. Throws KmipError saying what is wrong. */
export async function checkKmip(server: KmipServer): Promise<string> {
  return withKmip(server, async (ask) => {
    const { vendor, operations } = serverIn(await ask({ operation: 'query' }));
    const missing = NEEDED.filter((name) => !operations.includes(OPERATION[name]));
    if (missing.length === 0) return vendor;
    throw new KmipError(`The key server lacks the operations ${missing.join(', ')}.`);
  });
}

/**
 * The unique identifier of the active key of that name, which is made unless it is there: asking
 * again makes no other. Throws `KeyNotAvailable`.
 */
export async function makeKmipKey(
  server: KmipServer,
  { provider, name }: { provider: string; name: string },
): Promise<string> {
  try {
    return await withKmip(server, async (ask) => {
      const [known] = await locate(ask, name);
      if (known !== undefined) {
        await activate(ask, known);
        return known;
      }
      const [made] = identifiersIn(await ask({ operation: 'create', name }));
      if (made === undefined) throw new KmipError('The key server does not name the key it made.');
      await activate(ask, made);
      return made;
    });
  } catch (cause) {
    if (!(cause instanceof KmipError)) throw cause;
    const message = `The key provider ${provider} makes no key. ${cause.message}`;
    const remedy = `Bring the key server of ${provider} back, then try again.`;
    const reasons = [{ fault: 'KeyNotAvailable' as const, message, remedy }];
    throw new Fault('KeyNotAvailable', message, { cause, reasons });
  }
}

export interface KmipKeyRef {
  keyId: string;
  /** As the server calls it. */
  remoteId: string;
}

/**
 * The keys by their ids, base64. One that the server does not have is left out; `trouble` is what
 * the server failed with, or empty.
 */
export async function fetchKmipKeys(
  server: KmipServer,
  refs: readonly KmipKeyRef[],
): Promise<{ values: Map<string, string>; trouble: string }> {
  const values = new Map<string, string>();
  try {
    await withKmip(server, async (ask) => {
      for (const { keyId, remoteId } of refs) {
        const value = await getKey(ask, remoteId);
        if (value !== null) values.set(keyId, Buffer.from(value).toString('base64'));
      }
    });
    return { values, trouble: '' };
  } catch (error) {
    if (!(error instanceof KmipError)) throw error;
    return { values, trouble: error.message };
  }
}

async function getKey(ask: AskKmip, id: string): Promise<Uint8Array | null> {
  try {
    return keyIn(await ask({ operation: 'get', id }));
  } catch (error) {
    if (error instanceof KmipError && error.isNotFound) return null;
    if (!(error instanceof FormatError)) throw error;
    throw new KmipError(`The key server gives no usable key ${id}: ${error.message}.`);
  }
}

async function locate(ask: AskKmip, name: string): Promise<string[]> {
  try {
    return identifiersIn(await ask({ operation: 'locate', name }));
  } catch (error) {
    if (error instanceof KmipError && error.isNotFound) return [];
    throw error;
  }
}

/** One that is active already stays so; a key that cannot be had later is found out now. */
async function activate(ask: AskKmip, id: string): Promise<void> {
  try {
    await ask({ operation: 'activate', id });
  } catch (error) {
    if (!(error instanceof KmipError)) throw error;
    if ((await getKey(ask, id)) === null) throw error;
  }
}
