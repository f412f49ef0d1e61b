// The users of the product with their role on the root folder.
import { ROOT_FOLDER_ID } from '../../model/inventory.ts';
import type { UserView } from '../../wire/api/session.ts';
import type { DatabaseTransaction } from '../database/client.ts';

/**
 * All users by name. A user without a role on the root folder has the role id 0 and no role name.
 */
export async function readUsers(db: DatabaseTransaction): Promise<UserView[]> {
  const users = await db.user.findMany({
    orderBy: { name: 'asc' },
    include: { permissions: { where: { objectId: ROOT_FOLDER_ID }, include: { role: true } } },
  });
  return users.map(({ id, name, fullName, disabled, lastSignInAt, permissions }) => ({
    id,
    name,
    fullName,
    disabled,
    roleId: permissions[0]?.roleId ?? 0,
    role: permissions[0]?.role.label ?? '',
    lastSignInAt: lastSignInAt?.toISOString() ?? null,
  }));
}
