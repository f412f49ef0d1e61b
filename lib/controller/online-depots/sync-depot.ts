// Synchronise an online depot: what it offers comes into the depot, what it offers no more and
// nobody needs goes.
import { z } from 'zod';
import { Fault } from '../../model/fault.ts';
import { objectIdSchema, ROOT_FOLDER_ID } from '../../model/inventory.ts';
import { verdictOf } from '../../model/verdict.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import type { OnlineDepot } from '../database/generated/client.ts';
import type { WantedPrivilege } from '../permissions/missing-privileges.ts';
import { defineOperation } from '../tasks/operation.ts';

const inputSchema = z.object({ onlineDepotId: objectIdSchema });
export type SyncDepotInput = z.infer<typeof inputSchema>;

/** What changing the depot needs, however it is changed. */
export const DEPOT_PRIVILEGES: WantedPrivilege[] = [
  { privilege: 'Host.Config.Patch', objectId: ROOT_FOLDER_ID },
];

export const syncDepot = defineOperation({
  key: 'DepotManager.syncOnlineDepot',
  label: 'Synchronize online depot',
  input: inputSchema,
  cancelable: true,
  async observe(tx, { onlineDepotId }) {
    const { id, url } = await findOnlineDepot(tx, onlineDepotId);
    return { target: { id, name: url } };
  },
  privileges: () => DEPOT_PRIVILEGES,
  judge: () => verdictOf([]),
});

/** `NotFound`. */
export async function findOnlineDepot(tx: DatabaseTransaction, id: string): Promise<OnlineDepot> {
  const depot = await tx.onlineDepot.findUnique({ where: { id } });
  if (!depot) throw new Fault('NotFound', `There is no online depot ${id}.`);
  return depot;
}

/** When it ended, and when it is due again. */
export function timesAfter(nowMs: number, intervalMinutes: number) {
  const nextSyncAt = intervalMinutes === 0 ? null : new Date(nowMs + intervalMinutes * 60_000);
  return { lastSyncAt: new Date(nowMs), nextSyncAt };
}
