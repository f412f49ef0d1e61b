// How the key servers of KMIP providers do: asked by an administrator or from time to time, kept
// with the provider, and told as an event when it changes.
import { type Clock, sleep } from '../../base/clock.ts';
import { Fault } from '../../model/fault.ts';
import { recordChange } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import type { Database } from '../database/client.ts';
import type { KeyProvider } from '../database/generated/client.ts';
import { postEvent } from '../events/post-event.ts';
import type { Sealer } from '../secrets/sealer.ts';
import type { TaskServices } from '../tasks/task-context.ts';
import { KmipError } from './kmip-connection.ts';
import { checkKmip, kmipServerOf } from './kmip-provider.ts';

const WATCH_MS = 30_000;

export interface KeyServerParts {
  db: Database;
  sealer: Sealer;
  clock: Clock;
}

export interface KeyServerCheck {
  ok: boolean;
  /** A sentence. */
  message: string;
}

/** Asks the server of a KMIP provider and keeps the answer. Does nothing for a native one. */
export async function checkKeyServer(
  parts: KeyServerParts,
  provider: KeyProvider,
): Promise<KeyServerCheck> {
  if (provider.type !== 'kmip') return { ok: true, message: 'Its keys are in the database.' };
  const { vendor, trouble } = await ask(parts, provider);
  await keep(parts, provider, trouble);
  if (trouble !== '') return { ok: false, message: trouble };
  const maker = vendor === '' ? '' : ` (${vendor})`;
  return { ok: true, message: `The key server of ${provider.name} answers${maker}.` };
}

/** Asks all servers again and again until the signal aborts. */
export async function watchKeyServers(services: TaskServices, signal: AbortSignal): Promise<void> {
  const { db, clock, logger } = services;
  while (!signal.aborted) {
    try {
      const providers = await db.keyProvider.findMany({ where: { type: 'kmip' } });
      for (const provider of providers) await checkKeyServer(services, provider);
    } catch (error) {
      logger.warn({ err: error }, 'could not look after the key servers');
    }
    if (!signal.aborted) await sleep(clock, WATCH_MS, signal);
  }
}

async function ask(
  { sealer }: KeyServerParts,
  provider: KeyProvider,
): Promise<{ vendor: string; trouble: string }> {
  try {
    return { vendor: await checkKmip(kmipServerOf(provider, sealer)), trouble: '' };
  } catch (error) {
    if (error instanceof KmipError || error instanceof Fault) {
      return { vendor: '', trouble: error.message };
    }
    throw error;
  }
}

async function keep(
  { db, clock }: KeyServerParts,
  { id }: KeyProvider,
  trouble: string,
): Promise<void> {
  await transact(db, async (tx) => {
    const before = await tx.keyProvider.findUnique({ where: { id } });
    if (!before) return;
    const data = { checkedAt: new Date(clock.now()), trouble };
    await tx.keyProvider.update({ where: { id }, data });
    if (before.trouble === trouble && before.checkedAt !== null) return;
    if ((before.trouble === '') !== (trouble === '')) {
      await postEvent(tx, {
        type: trouble === '' ? 'KeyServerAvailableEvent' : 'KeyServerUnavailableEvent',
        severity: trouble === '' ? 'info' : 'error',
        message: trouble === '' ? `The key server of ${before.name} answers again.` : trouble,
        objects: [id],
      });
    }
    await recordChange(tx, { object: id, path: 'keyProvider' });
  });
}
