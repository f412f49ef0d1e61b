// Deletes a user with all sessions and permissions. The last administrator, and oneself, stay.
import { Fault } from '../../model/fault.ts';
import { ROOT_FOLDER_ID } from '../../model/inventory.ts';
import { recordChange } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import type { Database } from '../database/client.ts';
import { postEvent } from '../events/post-event.ts';
import type { Caller } from '../permissions/caller.ts';
import { requirePrivileges } from '../permissions/missing-privileges.ts';

const ADMINISTRATOR = -1;

/** Needs Authorization.ModifyPermissions on the root folder. */
export async function deleteUser(
  { db, caller }: { db: Database; caller: Caller },
  userId: string,
): Promise<void> {
  const wanted = [
    { privilege: 'Authorization.ModifyPermissions', objectId: ROOT_FOLDER_ID },
  ] as const;
  await requirePrivileges(db, caller, wanted);
  if (userId === caller.userId) throw new Fault('InvalidState', 'You cannot delete yourself.');
  await transact(db, async (tx) => {
    // Two that delete one another at once would leave nobody: one waits for the other here.
    await tx.$queryRaw`SELECT id FROM "Role" WHERE id = ${ADMINISTRATOR} FOR UPDATE`;
    const user = await tx.user.findUnique({ where: { id: userId } });
    if (!user) throw new Fault('NotFound', `There is no user ${userId}.`);
    const others = await tx.permission.count({
      where: {
        objectId: ROOT_FOLDER_ID,
        roleId: ADMINISTRATOR,
        userId: { not: userId },
        user: { disabled: false },
      },
    });
    if (others === 0) {
      throw new Fault('InvalidState', `${user.name} is the last administrator and cannot go.`);
    }
    await tx.user.delete({ where: { id: userId } });
    await recordChange(tx, { object: userId, path: 'deleted' });
    await postEvent(tx, {
      type: 'AccountRemovedEvent',
      severity: 'info',
      message: `User ${user.name} was deleted.`,
      objects: [userId],
      initiator: caller.name,
    });
  });
}
