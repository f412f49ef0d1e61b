// Synchronises online depots when their time has come. The leading controller does it.
import { sleep } from '../../base/clock.ts';
import { Fault } from '../../model/fault.ts';
import { systemCaller } from '../permissions/caller.ts';
import { submit } from '../tasks/submit.ts';
import type { TaskServices } from '../tasks/task-context.ts';
import { syncDepot } from './sync-depot.ts';

const WATCH_MS = 15_000;

/** Until the signal aborts. */
export async function watchOnlineDepots(
  services: TaskServices,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await startDue(services);
    } catch (error) {
      services.logger.warn({ err: error }, 'could not look after the online depots');
    }
    if (!signal.aborted) await sleep(services.clock, WATCH_MS, signal);
  }
}

async function startDue({ db, clock, logger }: TaskServices): Promise<void> {
  const now = clock.now();
  const due = await db.onlineDepot.findMany({ where: { nextSyncAt: { lte: new Date(now) } } });
  for (const { id, url, intervalMinutes } of due) {
    // One that never comes to run is due again after its interval, not at once.
    const nextSyncAt = new Date(now + intervalMinutes * 60_000);
    try {
      await submit({
        db,
        caller: systemCaller('vCenter Server'),
        operation: syncDepot,
        input: { onlineDepotId: id },
        attach: async (tx) => {
          await tx.onlineDepot.update({ where: { id }, data: { nextSyncAt } });
        },
      });
    } catch (error) {
      // It is being synchronised already, or was removed since.
      if (!(error instanceof Fault)) throw error;
      logger.info({ url, reason: error.message }, 'an online depot waits');
    }
  }
}
