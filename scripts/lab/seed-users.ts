// Roles, and the first user: admin, who may do everything.
import { systemRandom } from '#lib/base/system-random.ts';
import type { Database } from '#lib/controller/database/client.ts';
import { systemCaller } from '#lib/controller/permissions/caller.ts';
import { createUser } from '#lib/controller/sessions/create-user.ts';
import { ROLES } from '#lib/model/role.ts';

const ADMINISTRATOR = -1;

export async function seedUsers(db: Database, adminPassword: string): Promise<void> {
  await seedRoles(db);
  if (await db.user.findUnique({ where: { name: 'admin' } })) return;
  await createUser(
    { db, random: systemRandom, caller: systemCaller('Sluice') },
    {
      name: 'admin',
      fullName: 'Administrator',
      password: adminPassword,
      roleId: ADMINISTRATOR,
    },
  );
}

/** The roles that are there from the start; a newer release gives them its new privileges. */
export async function seedRoles(db: Database): Promise<void> {
  for (const { id, name, label, system, privileges } of ROLES) {
    const role = { name, label, system, privileges: [...privileges] };
    await db.role.upsert({ where: { id }, create: { id, ...role }, update: role });
  }
}
