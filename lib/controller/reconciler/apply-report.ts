// Writes one report of a host into the database, in one transaction with its changes and events.
import type { HostReport } from '../../wire/agent/host-rpc.ts';
import { type ChangeInput, recordChanges } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import type { Database, DatabaseTransaction } from '../database/client.ts';
import type { Host } from '../database/generated/client.ts';
import { type EventInput, postEvents } from '../events/post-event.ts';
import { acceptReport } from './accept-report.ts';
import { applyFilterStates } from './apply-filter-states.ts';
import { applyDatastores, applyProduct, applyVibs } from './apply-image.ts';
import { applyWorlds } from './apply-worlds.ts';

export interface AppliedReport {
  /** The row as it is now. */
  host: Host;
  /** Filters that the host must get because it joined a cluster that has them. */
  joining: string[];
}

/** Null when the host is gone, or was disconnected by an admin meanwhile. `now` is wall time. */
export function applyReport(
  { db, now }: { db: Database; now: number },
  hostId: string,
  report: HostReport,
): Promise<AppliedReport | null> {
  return transact(db, async (tx) => {
    const host = await acceptReport(tx, hostId, report);
    if (!host || host.connectionState === 'disconnected') return null;
    const events: EventInput[] = [];
    const changes = await applyConnection(tx, host, events);
    changes.push(
      ...(await applyProduct(tx, host, report)),
      ...(await applyVibs(tx, host, report.vibs)),
      ...(await applyDatastores(tx, host, report.datastores)),
      ...(await applyWorlds(tx, host.id, report.worlds)),
    );
    const states = await applyFilterStates(
      tx,
      host,
      host.bootId !== '' && host.bootId !== report.bootId,
    );
    changes.push(...states.changes);
    const eventCursor = await applyEvents(tx, host, report, events);
    const lastSeenAt = new Date(now);
    await tx.host.update({ where: { id: hostId }, data: { eventCursor, lastSeenAt } });
    await postEvents(tx, events);
    await recordChanges(tx, unique(changes));
    return {
      host: await tx.host.findUniqueOrThrow({ where: { id: hostId } }),
      joining: states.joining,
    };
  });
}

async function applyConnection(
  tx: DatabaseTransaction,
  host: Host,
  events: EventInput[],
): Promise<ChangeInput[]> {
  if (host.connectionState === 'connected') return [];
  const data = { connectionState: 'connected', connectionReason: '' };
  await tx.host.update({ where: { id: host.id }, data });
  events.push({
    type: 'HostConnectedEvent',
    severity: 'info',
    message: `${host.name} is connected.`,
    objects: [host.id],
  });
  return [{ object: host.id, path: 'connectionState', value: 'connected' }];
}

/**
 * Takes over the host's own events after the cursor; a host that was set up anew counts from one
 * again.
 */
async function applyEvents(
  tx: DatabaseTransaction,
  host: Host,
  report: HostReport,
  events: EventInput[],
): Promise<number> {
  const isNew = host.hostUuid !== null && host.hostUuid !== report.hostUuid;
  let cursor = isNew ? 0 : host.eventCursor;
  const fresh = report.events.filter(({ sequence }) => sequence > cursor);
  const vmIds = fresh.flatMap(({ vmId }) => (vmId === null ? [] : [vmId]));
  const known = await tx.vm.findMany({ where: { id: { in: vmIds } }, select: { id: true } });
  for (const { sequence, at, type, severity, message, vmId } of fresh) {
    const objects = known.some(({ id }) => id === vmId) && vmId ? [vmId, host.id] : [host.id];
    events.push({ type, severity, message, objects, at: new Date(at) });
    cursor = Math.max(cursor, sequence);
  }
  return cursor;
}

function unique(changes: ChangeInput[]): ChangeInput[] {
  return [
    ...new Map(changes.map((change) => [`${change.object} ${change.path}`, change])).values(),
  ];
}
