// What is known of an object beside its row, and goes with it: permissions, tags, custom values.
import type { DatabaseTransaction } from '../database/client.ts';

/** In the transaction that deletes the object's row. */
export async function forgetObject(tx: DatabaseTransaction, objectId: string): Promise<void> {
  await tx.permission.deleteMany({ where: { objectId } });
  await tx.tagAssignment.deleteMany({ where: { objectId } });
  await tx.customValue.deleteMany({ where: { objectId } });
}
