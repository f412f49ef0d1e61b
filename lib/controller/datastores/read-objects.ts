// The objects of one datastore as its page shows them: what they consist of, and whose disks they
// are.
import { healthWords, isWell, resyncPercent } from '../../rules/storage/object-health.ts';
import type { DatastoreView } from '../../wire/api/datastores.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import { factsOfObject } from './stored-objects.ts';

const SHOWN_MAX = 1000;

export async function readDatastoreObjects(
  db: DatabaseTransaction,
  datastoreId: string,
): Promise<DatastoreView['objects']> {
  const rows = await db.storageObject.findMany({ where: { datastoreId }, orderBy: { id: 'asc' } });
  const facts = rows.map((row) => ({ row, facts: factsOfObject(row) }));
  const rank = (found: (typeof facts)[number]): number => (isWell(found.facts.state) ? 1 : 0);
  const shown = facts.sort((a, b) => rank(a) - rank(b)).slice(0, SHOWN_MAX);
  const disks = await db.disk.findMany({
    where: { objectId: { in: shown.map(({ row }) => row.id) } },
    select: { objectId: true, key: true, label: true, vm: { select: { id: true, name: true } } },
    orderBy: [{ vm: { name: 'asc' } }, { key: 'asc' }],
  });
  return shown.map(({ row, facts: found }) => ({
    id: row.id,
    disks: disks
      .filter(({ objectId }) => objectId === row.id)
      .map(({ vm, key, label }) => ({ vm, diskKey: key, label })),
    state: found.state,
    health: healthWords(found),
    since: row.since.toISOString(),
    sizeBytes: Number(row.sizeBytes),
    usedBytes: Number(row.usedBytes),
    bytesToResync: found.bytesToResync,
    resyncPercent: resyncPercent(found),
    components: [...found.components],
  }));
}
