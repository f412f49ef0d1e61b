// Delete a datacenter, a cluster or a folder in which nothing is left.
import { z } from 'zod';
import { objectIdSchema } from '../../model/inventory.ts';
import type { InventoryType } from '../../model/object-kind.ts';
import type { Privilege } from '../../model/role.ts';
import { verdictOf } from '../../model/verdict.ts';
import { type Content, deleteReasons } from '../../rules/inventory/deletion.ts';
import type { PlacedObject } from '../../rules/inventory/folders.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import { defineOperation } from '../tasks/operation.ts';
import { findObject } from './find-object.ts';

const inputSchema = z.object({ objectId: objectIdSchema });
export type DeleteObjectInput = z.infer<typeof inputSchema>;

/** Objects of one type that a refusal names. */
const NAMED_MAX = 5;

const NAMED = { id: true, name: true } as const;
const BY_NAME = { name: 'asc' } as const;

const PRIVILEGES: Record<InventoryType, Privilege> = {
  datacenter: 'Datacenter.Delete',
  folder: 'Folder.Delete',
  cluster: 'Host.Inventory.DeleteCluster',
  // Deleted by operations of their own; the verdict refuses them here.
  host: 'Host.Inventory.RemoveHostFromCluster',
  datastore: 'Datastore.Delete',
  vm: 'VirtualMachine.Inventory.Delete',
};

export const DELETE_LABELS: Partial<Record<InventoryType, string>> = {
  datacenter: 'Delete datacenter',
  folder: 'Delete folder',
  cluster: 'Delete cluster',
};

export const deleteObject = defineOperation({
  key: 'ManagedEntity.destroy',
  label: 'Delete',
  input: inputSchema,
  cancelable: false,
  async observe(tx, { objectId }) {
    const target = await findObject(tx, objectId);
    return { target, contents: await readContents(tx, target) };
  },
  privileges: ({ target }) => [{ privilege: PRIVILEGES[target.type], objectId: target.id }],
  judge: ({ target, contents }) => verdictOf(deleteReasons(target, contents)),
});

async function readContents(
  tx: DatabaseTransaction,
  { id, type }: PlacedObject,
): Promise<Content[]> {
  const query = { select: NAMED, orderBy: BY_NAME, take: NAMED_MAX };
  if (type === 'datacenter') {
    const where = { datacenterId: id };
    return [
      await content(
        'cluster',
        tx.cluster.count({ where }),
        tx.cluster.findMany({ ...query, where }),
      ),
      await content('host', tx.host.count({ where }), tx.host.findMany({ ...query, where })),
      await content(
        'datastore',
        tx.datastore.count({ where }),
        tx.datastore.findMany({ ...query, where }),
      ),
      await content('folder', tx.folder.count({ where }), tx.folder.findMany({ ...query, where })),
    ];
  }
  if (type === 'cluster') {
    const where = { clusterId: id };
    return [await content('host', tx.host.count({ where }), tx.host.findMany({ ...query, where }))];
  }
  if (type !== 'folder') return [];
  const where = { folderId: id };
  const below = { parentId: id };
  return [
    await content(
      'folder',
      tx.folder.count({ where: below }),
      tx.folder.findMany({ ...query, where: below }),
    ),
    await content('cluster', tx.cluster.count({ where }), tx.cluster.findMany({ ...query, where })),
    await content('host', tx.host.count({ where }), tx.host.findMany({ ...query, where })),
    await content('vm', tx.vm.count({ where }), tx.vm.findMany({ ...query, where })),
  ];
}

async function content(
  type: InventoryType,
  count: PromiseLike<number>,
  first: PromiseLike<Content['first']>,
): Promise<Content> {
  return { type, count: await count, first: await first };
}
