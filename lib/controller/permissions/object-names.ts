// Names of inventory objects by id, for sentences that name them.
import { ROOT_FOLDER_ID } from '../../model/inventory.ts';
import { kindOf, type ObjectKind } from '../../model/object-kind.ts';
import type { DatabaseTransaction } from '../database/client.ts';

/** The name of each object that exists; one query for each kind among the ids. */
export async function findObjectNames(
  db: DatabaseTransaction,
  ids: readonly string[],
): Promise<Map<string, string>> {
  const names = new Map<string, string>();
  if (ids.includes(ROOT_FOLDER_ID)) names.set(ROOT_FOLDER_ID, 'the root folder');
  const kinds = new Set(ids.map(kindOf));
  for (const kind of kinds) {
    if (kind === null) continue;
    const rows = await readNames(
      db,
      kind,
      ids.filter((id) => kindOf(id) === kind),
    );
    for (const { id, name } of rows) names.set(id, name);
  }
  return names;
}

async function readNames(
  db: DatabaseTransaction,
  kind: ObjectKind,
  ids: string[],
): Promise<{ id: string; name: string }[]> {
  const query = { where: { id: { in: ids } }, select: { id: true, name: true } };
  switch (kind) {
    case 'datacenter':
      return db.datacenter.findMany(query);
    case 'vmFolder':
    case 'hostFolder':
      return db.folder.findMany(query);
    case 'tag':
      return db.tag.findMany(query);
    case 'tagCategory':
      return db.tagCategory.findMany(query);
    case 'customField':
      return db.customField.findMany(query);
    case 'cluster':
      return db.cluster.findMany(query);
    case 'resourcePool':
      return db.resourcePool.findMany(query);
    case 'host':
      return db.host.findMany(query);
    case 'datastore':
      return db.datastore.findMany(query);
    case 'vm':
      return db.vm.findMany(query);
    case 'policy':
      return db.policy.findMany(query);
    case 'vib':
      return db.vib.findMany(query);
    case 'onlineDepot': {
      const rows = await db.onlineDepot.findMany({ ...query, select: { id: true, url: true } });
      return rows.map(({ id, url }) => ({ id, name: url }));
    }
    case 'user':
      return db.user.findMany(query);
    case 'keyProvider':
      return db.keyProvider.findMany(query);
    case 'replicationTarget':
      return db.replicationTarget.findMany(query);
    case 'trace':
      return db.traceFile.findMany(query);
    default:
      return [];
  }
}
