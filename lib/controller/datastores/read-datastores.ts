// Datastores with the hosts that mount them and what is on them. A handful of queries, whatever
// their number; the sums are the database's.
import { z } from 'zod';
import { groupBy } from '../../base/group-by.ts';
import { Fault } from '../../model/fault.ts';
import { datastoreTypeSchema } from '../../model/inventory.ts';
import type { DatastoreSummary, DatastoreView } from '../../wire/api/datastores.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import type { Prisma } from '../database/generated/client.ts';
import type { Caller } from '../permissions/caller.ts';
import { judgeDatastoreActions } from './judge-datastore-actions.ts';
import { readDatastoreObjects } from './read-objects.ts';
import { shownOptions } from './sealed-options.ts';
import { readObjectHealth } from './stored-objects.ts';

const optionsSchema = z.record(z.string(), z.string());
const objectHealthSchema = z.record(z.string(), z.number().int());

/** The datastores that the condition selects (all without one), by name. */
export async function readDatastores(
  db: DatabaseTransaction,
  where: Prisma.DatastoreWhereInput = {},
): Promise<DatastoreSummary[]> {
  const datastores = await db.datastore.findMany({ where, orderBy: { name: 'asc' } });
  const mounts = await db.hostDatastore.findMany({
    where: { datastore: where },
    include: { host: { select: { id: true, name: true } } },
    orderBy: { host: { name: 'asc' } },
  });
  const sums = await readSums(db);
  const mountsOf = groupBy(mounts, (mount) => mount.datastoreId);
  return datastores.map((datastore) => {
    const sum = sums.get(datastore.id);
    return {
      id: datastore.id,
      name: datastore.name,
      type: datastoreTypeSchema.parse(datastore.type),
      path: datastore.path,
      capacityBytes: Number(datastore.capacityBytes),
      freeBytes: Number(datastore.freeBytes),
      provisionedBytes: Number(sum?.provisioned ?? 0),
      usedByDisksBytes: Number(sum?.used ?? 0),
      diskCount: Number(sum?.disks ?? 0),
      vmCount: Number(sum?.vms ?? 0),
      objectHealth: objectHealthSchema.parse(datastore.objectHealth),
      hosts: (mountsOf.get(datastore.id) ?? []).map(({ host, accessible, message }) => ({
        ...host,
        accessible,
        message,
      })),
    };
  });
}

/** `NotFound` when there is no such datastore. */
export async function readDatastore(
  { db, caller }: { db: DatabaseTransaction; caller: Caller },
  id: string,
): Promise<DatastoreView> {
  const [datastore] = await readDatastores(db, { id });
  if (!datastore) throw new Fault('NotFound', `There is no datastore ${id}.`);
  const disks = await db.disk.findMany({
    where: { datastoreId: id },
    include: { vm: { select: { id: true, name: true } } },
    orderBy: [{ vm: { name: 'asc' } }, { key: 'asc' }],
  });
  const health = await readObjectHealth(db, disks);
  return {
    ...datastore,
    disks: disks.map(({ vm, key, label, path, capacityBytes, usedBytes, ...disk }) => ({
      ...{ vm, diskKey: key, label, path, capacityBytes: Number(capacityBytes) },
      usedBytes: usedBytes === null ? null : Number(usedBytes),
      provisioning: disk.provisioning,
      health: health.get(disk.objectId ?? '') ?? disk.health,
    })),
    options: await readShownOptions(db, id),
    objects: await readDatastoreObjects(db, id),
    ...(await judgeDatastoreActions(db, caller, id)),
  };
}

async function readShownOptions(db: DatabaseTransaction, id: string) {
  const { options } = await db.datastore.findUniqueOrThrow({ where: { id } });
  return shownOptions(optionsSchema.parse(options));
}

interface Sums {
  datastoreId: string;
  provisioned: bigint;
  used: bigint;
  disks: bigint;
  vms: bigint;
}

async function readSums(db: DatabaseTransaction): Promise<Map<string, Sums>> {
  const rows = await db.$queryRaw<Sums[]>`
    SELECT "datastoreId",
      sum("capacityBytes")::bigint AS provisioned,
      COALESCE(sum("usedBytes"), 0)::bigint AS used,
      count(*) AS disks, count(DISTINCT "vmId") AS vms
    FROM "Disk" GROUP BY "datastoreId"`;
  return new Map(rows.map((row) => [row.datastoreId, row]));
}
