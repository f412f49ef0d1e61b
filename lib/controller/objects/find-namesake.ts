// What has a name already, where an object shall have it. Virtual machines, hosts and datastores
// are named once in the whole inventory (a virtual machine's name is that of its files), clusters
// once in a datacenter, folders once among their neighbours.
import type { InventoryType } from '../../model/object-kind.ts';
import type { NamedObject } from '../../rules/inventory/naming.ts';
import type { DatabaseTransaction } from '../database/client.ts';

export interface WantedName {
  name: string;
  type: InventoryType;
  /** Of a folder: whether it is for virtual machines. */
  forVms: boolean;
  datacenterId: string;
  /** Null: directly below the datacenter. */
  folderId: string | null;
  /** The object itself, which does not stand in its own way. */
  exceptId?: string;
}

/** Names are given one after the other: two that ask for one name see each other. */
export async function lockNames(tx: DatabaseTransaction): Promise<void> {
  await tx.$queryRaw`SELECT pg_advisory_xact_lock(hashtext('names of the inventory'))::text`;
}

export async function findNamesake(
  tx: DatabaseTransaction,
  wanted: WantedName,
): Promise<NamedObject | null> {
  const rows = await readNamesakes(tx, wanted);
  return rows.find(({ id }) => id !== wanted.exceptId) ?? null;
}

async function readNamesakes(
  tx: DatabaseTransaction,
  { name, type, forVms, datacenterId, folderId }: WantedName,
): Promise<NamedObject[]> {
  const query = { where: { name }, select: { id: true, name: true } };
  const inDatacenter = { ...query, where: { name, datacenterId } };
  const beside = { ...query, where: { name, datacenterId, folderId } };
  const folders = { ...query, where: { name, datacenterId, parentId: folderId } };
  const of = (kind: InventoryType, rows: { id: string; name: string }[]) =>
    rows.map((row): NamedObject => ({ ...row, type: kind }));
  switch (type) {
    case 'datacenter':
      return of('datacenter', await tx.datacenter.findMany(query));
    case 'datastore':
      return of('datastore', await tx.datastore.findMany(query));
    case 'host':
    case 'cluster':
      return [
        ...of('host', await tx.host.findMany(query)),
        ...of('cluster', type === 'cluster' ? await tx.cluster.findMany(inDatacenter) : []),
        ...of('folder', await tx.folder.findMany(ofType(folders, 'host'))),
      ];
    case 'vm':
      return [
        ...of('vm', await tx.vm.findMany(query)),
        ...of('folder', await tx.folder.findMany(ofType(folders, 'vm'))),
      ];
    case 'folder':
      return [
        ...of('folder', await tx.folder.findMany(ofType(folders, forVms ? 'vm' : 'host'))),
        ...(forVms
          ? of('vm', await tx.vm.findMany(vmsBeside({ name, datacenterId, folderId })))
          : [
              ...of('cluster', await tx.cluster.findMany(beside)),
              ...of('host', await tx.host.findMany(beside)),
            ]),
      ];
  }
}

function ofType<Query extends { where: object }>(query: Query, type: 'vm' | 'host') {
  return { ...query, where: { ...query.where, type } };
}

function vmsBeside(place: Pick<WantedName, 'name' | 'datacenterId' | 'folderId'>) {
  const { name, datacenterId, folderId } = place;
  return {
    where: { name, folderId, host: { datacenterId } },
    select: { id: true, name: true },
  };
}
