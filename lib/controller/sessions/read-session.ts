// A session as its holder sees it: who one is, and what one may do on the root folder.
import { ROOT_FOLDER_ID } from '../../model/inventory.ts';
import type { SessionView } from '../../wire/api/session.ts';
import type { DatabaseTransaction } from '../database/client.ts';

export interface SessionUser {
  id: string;
  name: string;
  fullName: string;
}

/**
 * Roles are the labels of all roles that the user has anywhere; privileges those on the root
 * folder.
 */
export async function viewSession(
  db: DatabaseTransaction,
  { id, name, fullName }: SessionUser,
  expiresAt: Date,
): Promise<SessionView> {
  const permissions = await db.permission.findMany({
    where: { userId: id },
    include: { role: true },
    orderBy: { objectId: 'asc' },
  });
  const onRoot = permissions.find(({ objectId }) => objectId === ROOT_FOLDER_ID);
  return {
    user: { id, name, fullName },
    roles: [...new Set(permissions.map(({ role }) => role.label))],
    privileges: onRoot?.role.privileges ?? [],
    expiresAt: expiresAt.toISOString(),
  };
}
