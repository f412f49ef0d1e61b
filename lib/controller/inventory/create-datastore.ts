// Creates a datastore, which hosts then mount, or finds the one of that name.
import type { DatastoreType } from '../../model/inventory.ts';
import { recordChange } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import type { Database } from '../database/client.ts';
import { allocateId } from './allocate-id.ts';

export interface NewDatastore {
  name: string;
  datacenterId: string;
  type: DatastoreType;
  /** Directory, as its hosts see it. */
  path: string;
  /** What its type needs beyond that; secrets are sealed (datastores/sealed-options.ts). */
  options?: Record<string, string>;
}

/** Returns its id. */
export function createDatastore(
  db: Database,
  { name, datacenterId, type, path, options = {} }: NewDatastore,
): Promise<string> {
  return transact(db, async (tx) => {
    const found = await tx.datastore.findUnique({ where: { name } });
    if (found) return found.id;
    const id = await allocateId(tx, 'datastore');
    await tx.datastore.create({ data: { id, name, datacenterId, type, path, options } });
    await recordChange(tx, { object: id, path: 'created' });
    return id;
  });
}
