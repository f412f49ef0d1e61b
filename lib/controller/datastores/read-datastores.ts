// Datastores with the hosts that mount them and the disks on them. Three queries, whatever their
// number.
import { groupBy } from '../../base/group-by.ts';
import { Fault } from '../../model/fault.ts';
import { datastoreTypeSchema } from '../../model/inventory.ts';
import type { DatastoreView } from '../../wire/api/inventory.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import type { Prisma } from '../database/generated/client.ts';

/** The datastores that the condition selects (all without one), by name. */
export async function readDatastores(
  db: DatabaseTransaction,
  where: Prisma.DatastoreWhereInput = {},
): Promise<DatastoreView[]> {
  const [datastores, mounts, disks] = await Promise.all([
    db.datastore.findMany({ where, orderBy: { name: 'asc' } }),
    db.hostDatastore.findMany({
      where: { datastore: where },
      include: { host: { select: { id: true, name: true } } },
      orderBy: { host: { name: 'asc' } },
    }),
    db.disk.findMany({
      where: { datastore: where },
      include: { vm: { select: { id: true, name: true } } },
      orderBy: [{ vm: { name: 'asc' } }, { key: 'asc' }],
    }),
  ]);
  const mountsOf = groupBy(mounts, (mount) => mount.datastoreId);
  const disksOf = groupBy(disks, (disk) => disk.datastoreId);
  return datastores.map((datastore) => ({
    id: datastore.id,
    name: datastore.name,
    type: datastoreTypeSchema.parse(datastore.type),
    path: datastore.path,
    capacityBytes: Number(datastore.capacityBytes),
    freeBytes: Number(datastore.freeBytes),
    hosts: (mountsOf.get(datastore.id) ?? []).map(({ host, accessible, message }) => ({
      ...host,
      accessible,
      message,
    })),
    disks: (disksOf.get(datastore.id) ?? []).map(({ vm, key, label, path, capacityBytes }) => ({
      ...{ vm, diskKey: key, label, path, capacityBytes: Number(capacityBytes) },
    })),
  }));
}

/** `NotFound` when there is no such datastore. */
export async function readDatastore(db: DatabaseTransaction, id: string): Promise<DatastoreView> {
  const [datastore] = await readDatastores(db, { id });
  if (!datastore) throw new Fault('NotFound', `There is no datastore ${id}.`);
  return datastore;
}
