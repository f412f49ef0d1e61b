// A new user with a role on the root folder, which holds everywhere.
import type { Random } from '../../base/random.ts';
import { Fault } from '../../model/fault.ts';
import { ROOT_FOLDER_ID } from '../../model/inventory.ts';
import type { UserView } from '../../wire/api/session.ts';
import { recordChange } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import type { Database } from '../database/client.ts';
import { postEvent } from '../events/post-event.ts';
import { allocateId } from '../inventory/allocate-id.ts';
import type { Caller } from '../permissions/caller.ts';
import { requirePrivileges } from '../permissions/missing-privileges.ts';
import { hashPassword } from './passwords.ts';

export interface NewUser {
  name: string;
  fullName: string;
  password: string;
  roleId: number;
}

/**
 * Needs Authorization.ModifyPermissions on the root folder. `AlreadyExists` when the name is taken.
 */
export async function createUser(
  { db, random, caller }: { db: Database; random: Random; caller: Caller },
  input: NewUser,
): Promise<UserView> {
  const wanted = [
    { privilege: 'Authorization.ModifyPermissions', objectId: ROOT_FOLDER_ID },
  ] as const;
  await requirePrivileges(db, caller, wanted);
  const { name, fullName, roleId } = input;
  const passwordHash = await hashPassword(input.password, random);
  return transact(db, async (tx) => {
    const role = await tx.role.findUnique({ where: { id: roleId } });
    if (!role) throw new Fault('InvalidArgument', `There is no role with the id ${roleId}.`);
    const id = await allocateId(tx, 'user');
    if (await tx.user.findUnique({ where: { name } })) {
      throw new Fault('AlreadyExists', `A user named ${name} exists already.`);
    }
    const permission = { objectId: ROOT_FOLDER_ID, roleId, propagate: true };
    await tx.user.create({
      data: { id, name, fullName, passwordHash, permissions: { create: permission } },
    });
    await recordChange(tx, { object: id, path: 'created' });
    await postEvent(tx, {
      type: 'AccountCreatedEvent',
      severity: 'info',
      message: `User ${name} was created with the role ${role.label}.`,
      objects: [id],
      initiator: caller.name,
    });
    return { id, name, fullName, disabled: false, roleId, role: role.label, lastSignInAt: null };
  });
}
