// The inventory tree: seven queries, whatever its size.
import type { InventoryNode } from '../../wire/api/inventory.ts';
import type { DatabaseTransaction } from '../database/client.ts';

type Chosen = { id?: { in: string[] } };

/** All nodes, or those chosen by id; parents before children, by name within a kind. */
export async function readInventory(
  db: DatabaseTransaction,
  ids: string[] | null = null,
): Promise<{ nodes: InventoryNode[] }> {
  const orderBy = { name: 'asc' } as const;
  const where: Chosen = ids === null ? {} : { id: { in: ids } };
  const [datacenters, folders, clusters, pools, hosts, datastores, vms] = await Promise.all([
    db.datacenter.findMany({ where, orderBy }),
    db.folder.findMany({ where, orderBy }),
    db.cluster.findMany({
      ...{ where, orderBy },
      select: { id: true, name: true, datacenterId: true, folderId: true },
    }),
    db.resourcePool.findMany({ where, orderBy }),
    readHostNodes(db, where),
    readDatastoreNodes(db, where),
    readVmNodes(db, where),
  ]);
  return {
    nodes: [
      ...datacenters.map(({ id, name }) => node('datacenter', { id, name, parentId: null })),
      ...folders.map(({ id, name, type, datacenterId, parentId }) =>
        node(type === 'vm' ? 'vmFolder' : 'hostFolder', {
          ...{ id, name, parentId: parentId ?? datacenterId },
        }),
      ),
      ...clusters.map(({ id, name, datacenterId, folderId }) =>
        node('cluster', { id, name, parentId: folderId ?? datacenterId }),
      ),
      ...hosts,
      ...pools.map(({ id, name, parentId, clusterId, hostId }) =>
        node('resourcePool', { id, name, parentId: parentId ?? clusterId ?? hostId }),
      ),
      ...datastores,
      ...vms,
    ],
  };
}

function node(
  kind: InventoryNode['kind'],
  rest: Pick<InventoryNode, 'id' | 'name' | 'parentId'> &
    Partial<Pick<InventoryNode, 'state' | 'badge' | 'folderId'>>,
): InventoryNode {
  return { kind, state: '', badge: '', ...rest };
}

async function readHostNodes(db: DatabaseTransaction, where: Chosen): Promise<InventoryNode[]> {
  const rows = await db.host.findMany({
    where,
    orderBy: { name: 'asc' },
    select: {
      ...{ id: true, name: true, clusterId: true, datacenterId: true, connectionState: true },
      ...{ folderId: true, maintenanceState: true, filterStates: { where: { state: 'failed' } } },
    },
  });
  return rows.map((row) => {
    const warning = row.filterStates.length > 0 ? 'warning' : '';
    const badge = row.maintenanceState === 'normal' ? warning : row.maintenanceState;
    const parentId = row.clusterId ?? row.folderId ?? row.datacenterId;
    return node('host', {
      ...{ id: row.id, name: row.name, parentId, state: row.connectionState, badge },
    });
  });
}

async function readDatastoreNodes(
  db: DatabaseTransaction,
  where: Chosen,
): Promise<InventoryNode[]> {
  const rows = await db.datastore.findMany({
    where,
    orderBy: { name: 'asc' },
    include: {
      mounts: { where: { accessible: false, host: { connectionState: 'connected' } }, take: 1 },
    },
  });
  return rows.map(({ id, name, datacenterId, mounts }) =>
    node('datastore', {
      ...{ id, name, parentId: datacenterId, badge: mounts.length > 0 ? 'warning' : '' },
    }),
  );
}

async function readVmNodes(db: DatabaseTransaction, where: Chosen): Promise<InventoryNode[]> {
  const rows = await db.vm.findMany({
    where,
    orderBy: { name: 'asc' },
    select: {
      ...{ id: true, name: true, hostId: true, folderId: true },
      ...{ powerState: true, worldState: true, isTemplate: true, trouble: true },
    },
  });
  return rows.map(({ id, name, hostId, folderId, powerState, ...row }) => {
    const { worldState, isTemplate, trouble } = row;
    const warning = powerState === 'poweredOn' && trouble !== null ? 'warning' : '';
    const badge = isTemplate ? 'template' : warning;
    return node('vm', {
      ...{ id, name, parentId: hostId, state: powerState, ...(folderId && { folderId }) },
      badge: worldState === 'faulted' ? 'faulted' : badge,
    });
  });
}
