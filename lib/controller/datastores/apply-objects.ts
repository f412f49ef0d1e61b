// Writes what a host tells of the objects of a datastore, with the events and changes that follow.
import type { StorageObject } from '../../model/storage-object.ts';
import { healthNews } from '../../rules/storage/object-health.ts';
import { type ChangeInput, recordChanges } from '../changes/record-change.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import type { StorageObject as StorageObjectRow } from '../database/generated/client.ts';
import { type EventInput, postEvents } from '../events/post-event.ts';
import { canonical } from '../reconciler/apply-worlds.ts';
import { factsOfObject } from './stored-objects.ts';

/** When more change at once, a host that was lost say, the last event says how many did. */
const EVENTS_MAX = 20;

export interface ToldObjects {
  datastore: { id: string; name: string };
  objects: readonly StorageObject[];
  digest: string;
  objectHealth: Record<string, number>;
  /** Wall time. */
  now: number;
}

interface Changed {
  before: StorageObjectRow | null;
  after: StorageObjectRow;
}

/** To be called at the end of a transaction that has locked the datastore's row. */
export async function applyObjects(tx: DatabaseTransaction, told: ToldObjects): Promise<void> {
  const { datastore, objects, digest, objectHealth, now } = told;
  const datastoreId = datastore.id;
  const rows = await tx.storageObject.findMany({ where: { datastoreId } });
  const known = new Map(rows.map((row) => [row.id, row]));
  const changed: Changed[] = [];
  for (const object of objects) {
    const before = known.get(object.id) ?? null;
    const after = toRow(datastoreId, object, { before, now });
    known.delete(object.id);
    if (before !== null && isSame(before, after)) continue;
    const { components, ...columns } = after;
    const data = { ...columns, components: components ?? {} };
    const where = { datastoreId_id: { datastoreId, id: object.id } };
    await tx.storageObject.upsert({ where, create: data, update: data });
    changed.push({ before, after });
  }
  await tx.storageObject.deleteMany({ where: { datastoreId, id: { in: [...known.keys()] } } });
  const data = { objectsDigest: digest, objectHealth };
  await tx.datastore.update({ where: { id: datastoreId }, data });
  await announce(tx, datastore, changed);
}

function toRow(
  datastoreId: string,
  object: StorageObject,
  { before, now }: { before: StorageObjectRow | null; now: number },
): StorageObjectRow {
  const { id, state, bytesToResync, components, holder } = object;
  const left = whole(bytesToResync);
  // The most that was left since it began: more writes to the other copy add to it.
  const began = before !== null && before.bytesToResync > 0n ? before.resyncTotalBytes : 0n;
  return {
    ...{ datastoreId, id, state, bytesToResync: left, components: { components, holder } },
    ...{ sizeBytes: whole(object.sizeBytes), usedBytes: whole(object.usedBytes) },
    resyncTotalBytes: left === 0n ? 0n : left > began ? left : began,
    since: before?.state === state ? before.since : new Date(now),
  };
}

function whole(bytes: number): bigint {
  return BigInt(Math.trunc(bytes));
}

function isSame(before: StorageObjectRow, after: StorageObjectRow): boolean {
  return (
    before.state === after.state &&
    before.bytesToResync === after.bytesToResync &&
    before.sizeBytes === after.sizeBytes &&
    before.usedBytes === after.usedBytes &&
    canonical(before.components) === canonical(after.components)
  );
}

async function announce(
  tx: DatabaseTransaction,
  datastore: { id: string; name: string },
  changed: readonly Changed[],
): Promise<void> {
  const ids = changed.map(({ after }) => after.id);
  const disks = await tx.disk.findMany({
    where: { objectId: { in: ids } },
    select: { objectId: true, label: true, vm: { select: { id: true, name: true } } },
  });
  const events: EventInput[] = [];
  for (const { before, after } of changed) {
    const on = disks.filter(({ objectId }) => objectId === after.id);
    const [disk] = on;
    const name = disk ? `${disk.label} of ${disk.vm.name}` : `The object ${after.id}`;
    const was = before && factsOfObject(before).state;
    const news = healthNews(`${name} on ${datastore.name}`, was, factsOfObject(after));
    if (!news) continue;
    const objects = [datastore.id, ...new Set(on.map(({ vm }) => vm.id))];
    events.push({ type: 'StorageObjectHealthEvent', ...news, objects });
  }
  const vmIds = new Set(disks.map(({ vm }) => vm.id));
  const changes: ChangeInput[] = [...vmIds].map((object) => ({ object, path: 'disks' }));
  await recordChanges(tx, [{ object: datastore.id, path: 'objects' }, ...changes]);
  await postEvents(tx, shortened(events, datastore));
}

function shortened(events: EventInput[], datastore: { id: string; name: string }): EventInput[] {
  if (events.length <= EVENTS_MAX) return events;
  const shown = events.slice(0, EVENTS_MAX - 1);
  const more = events.length - shown.length;
  const severity = events.some((event) => event.severity === 'error') ? 'error' : 'warning';
  const message = `The health of ${more} more objects on ${datastore.name} has changed.`;
  const objects = [datastore.id];
  return [...shown, { type: 'StorageObjectHealthEvent', severity, message, objects }];
}
