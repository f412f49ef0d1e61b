// Events: what happened, in words, to which objects, by whom. Append-only. Types are the API's
// where it has one (VmPoweredOnEvent, EnteredMaintenanceModeEvent, …).
import type { Json } from '../../base/json.ts';
import type { EventSeverity } from '../../model/task.ts';
import { CHANGE_LISTS, recordChanges } from '../changes/record-change.ts';
import type { DatabaseTransaction } from '../database/client.ts';

export interface EventInput {
  type: string;
  severity: EventSeverity;
  /** A whole sentence that names the objects. */
  message: string;
  /** Ids of all objects that it concerns. */
  objects: string[];
  /** Empty when nobody asked for it. */
  initiator?: string;
  taskId?: string;
  data?: Json;
  /** When it happened, if not now. */
  at?: Date;
}

export function postEvent(tx: DatabaseTransaction, event: EventInput): Promise<void> {
  return postEvents(tx, [event]);
}

/** Appends events in their order; to be called at the end of a transaction, as recordChanges. */
export async function postEvents(tx: DatabaseTransaction, events: EventInput[]): Promise<void> {
  if (events.length === 0) return;
  await tx.event.createMany({
    data: events.map(({ data, ...event }) => (data == null ? event : { ...event, data })),
  });
  const types = [...new Set(events.map((event) => event.type))];
  await recordChanges(
    tx,
    types.map((type) => ({ object: CHANGE_LISTS.events, path: type })),
  );
}
