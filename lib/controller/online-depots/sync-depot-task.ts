// Synchronises an online depot. All that is new is downloaded and looked at first and entered in
// one transaction, so that a synchronisation that fails has changed nothing. Run again after a
// crash it begins anew; what it had put into place already is found there.
import { Fault, toFaultRecord } from '../../model/fault.ts';
import { ONLINE_DEPOT_SYNC_MS } from '../../model/limits.ts';
import { recordChange } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import { Prisma } from '../database/generated/client.ts';
import type { Depot } from '../depot/depot.ts';
import { discardFiles } from '../depot/discard-files.ts';
import { isDatabaseAway } from '../tasks/is-database-away.ts';
import { LeaseLost } from '../tasks/run-task.ts';
import type { TaskContext, TaskHandler } from '../tasks/task-context.ts';
import { enterOffers, type Synchronized } from './enter-offers.ts';
import { type Fetched, fetchOffers } from './fetch-offers.ts';
import { findOnlineDepot, type SyncDepotInput, timesAfter } from './sync-depot.ts';

export const performSyncDepot: TaskHandler<SyncDepotInput> = async (context, { onlineDepotId }) => {
  const depot = context.depotFiles;
  await writeResult(context, onlineDepotId, { state: 'synchronizing' });
  try {
    if (!depot)
      throw new Fault('NotSupported', 'This controller does not reach the depot’s files.');
    const { added, removed, kept } = await synchronize(context, depot, onlineDepotId);
    return { added, removed, kept };
  } catch (error) {
    // Another run goes on with the task.
    const { reason } = context.signal;
    if (error instanceof LeaseLost || reason instanceof LeaseLost || isDatabaseAway(error)) {
      throw error;
    }
    const state = context.signal.aborted ? 'canceled' : 'failed';
    const fault = state === 'failed' ? toFaultRecord(error) : null;
    await writeResult(context, onlineDepotId, { state, fault });
    throw error;
  }
};

async function synchronize(context: TaskContext, depot: Depot, id: string): Promise<Synchronized> {
  const { url } = await findOnlineDepot(context.db, id);
  const fetched = await withTimeLimit(context, url, (signal) =>
    fetchOffers({ ...context, signal, depot }, url),
  );
  try {
    context.signal.throwIfAborted();
    await context.progress(97, `Entering what ${url} offers`);
    const result = await transact(context.db, (tx) =>
      enterOffers(tx, context, { depot, id, url, fetched }),
    );
    await discardFiles({ db: context.db, depot }, result.files);
    return result;
  } catch (error) {
    await discardFiles({ db: context.db, depot }, fetched.written);
    throw error;
  }
}

async function withTimeLimit(
  { clock, signal }: TaskContext,
  url: string,
  work: (signal: AbortSignal) => Promise<Fetched>,
): Promise<Fetched> {
  const stop = new AbortController();
  const minutes = ONLINE_DEPOT_SYNC_MS / 60_000;
  const timer = clock.after(ONLINE_DEPOT_SYNC_MS, () =>
    stop.abort(new Fault('Timedout', `${url} was not synchronized within ${minutes} minutes.`)),
  );
  try {
    return await work(AbortSignal.any([signal, stop.signal]));
  } finally {
    timer.cancel();
  }
}

type Result =
  | { state: 'synchronizing' }
  | { state: 'failed' | 'canceled'; fault: ReturnType<typeof toFaultRecord> | null };

async function writeResult({ db, clock }: TaskContext, id: string, result: Result): Promise<void> {
  await transact(db, async (tx) => {
    const { intervalMinutes } = await findOnlineDepot(tx, id);
    const { state } = result;
    const isBegun = state === 'synchronizing';
    // The fault is of the last one that ended; while it is tried again it stands no more.
    const fault =
      isBegun || !result.fault ? Prisma.DbNull : JSON.parse(JSON.stringify(result.fault));
    const times = isBegun ? {} : timesAfter(clock.now(), intervalMinutes);
    await tx.onlineDepot.update({ where: { id }, data: { state, fault, ...times } });
    await recordChange(tx, { object: id, path: 'state' });
  });
}
