// Events, newest first, in pages.
import { eventSeveritySchema } from '../../model/task.ts';
import type { EventView } from '../../wire/api/tasks.ts';
import type { DatabaseTransaction } from '../database/client.ts';

export interface EventQuery {
  limit: number;
  /** Only those that concern this object. */
  object?: string | undefined;
  /** Only those before the event with this id. */
  before?: string | undefined;
}

/** An unreadable `before` counts as none. */
export async function readEvents(
  db: DatabaseTransaction,
  { limit, object, before }: EventQuery,
): Promise<EventView[]> {
  const isId = before !== undefined && /^\d{1,18}$/.test(before);
  const rows = await db.event.findMany({
    where: {
      ...(object === undefined ? {} : { objects: { has: object } }),
      ...(isId ? { id: { lt: BigInt(before) } } : {}),
    },
    orderBy: { id: 'desc' },
    take: limit,
  });
  return rows.map(({ id, at, type, severity, message, initiator, objects, taskId }) => ({
    ...{ type, message, initiator, objects, taskId },
    id: id.toString(),
    at: at.toISOString(),
    severity: eventSeveritySchema.parse(severity),
  }));
}
