// Creates a datacenter, or finds the one of that name: setting up may be repeated.
import { recordChange } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import type { Database } from '../database/client.ts';
import { allocateId } from './allocate-id.ts';

/** Returns its id. */
export function createDatacenter(db: Database, { name }: { name: string }): Promise<string> {
  return transact(db, async (tx) => {
    const found = await tx.datacenter.findUnique({ where: { name } });
    if (found) return found.id;
    const id = await allocateId(tx, 'datacenter');
    await tx.datacenter.create({ data: { id, name } });
    await recordChange(tx, { object: id, path: 'created' });
    return id;
  });
}
