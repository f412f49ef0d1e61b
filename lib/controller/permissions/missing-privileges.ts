// Which of the privileges that an operation needs its caller does not hold, and the refusal made of
// them.
import { Fault, type Reason } from '../../model/fault.ts';
import { ROOT_FOLDER_ID } from '../../model/inventory.ts';
import type { Privilege } from '../../model/role.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import type { Caller } from './caller.ts';
import { effectivePrivileges, type Grant } from './effective-privileges.ts';
import { findObjectNames } from './object-names.ts';
import { findObjectPaths } from './object-parents.ts';

export interface WantedPrivilege {
  privilege: Privilege;
  objectId: string;
}

/**
 * The wanted privileges that the caller lacks, in the order asked. A handful of queries, whatever
 * the number.
 */
export async function listMissingPrivileges(
  db: DatabaseTransaction,
  caller: Caller,
  wanted: readonly WantedPrivilege[],
): Promise<WantedPrivilege[]> {
  if (caller.userId === null || wanted.length === 0) return [];
  const grants = await readGrants(db, caller.userId);
  const paths = await findPaths(db, grants, wanted);
  return wanted.filter(({ privilege, objectId }) => {
    const ways = paths.get(objectId) ?? [[objectId, ROOT_FOLDER_ID]];
    // What comes down to a virtual machine on its two ways is added.
    return !ways.some((path) => effectivePrivileges(grants, path).includes(privilege));
  });
}

/** The reasons for a refusal: one for each privilege that is missing, naming it and its object. */
export async function missingPrivilegeReasons(
  db: DatabaseTransaction,
  caller: Caller,
  wanted: readonly WantedPrivilege[],
): Promise<Reason[]> {
  const missing = await listMissingPrivileges(db, caller, wanted);
  return describeMissing(db, caller, missing);
}

/** One reason for each privilege that is missing, naming it and its object. */
export async function describeMissing(
  db: DatabaseTransaction,
  caller: Caller,
  missing: readonly WantedPrivilege[],
): Promise<Reason[]> {
  if (missing.length === 0) return [];
  const names = await findObjectNames(
    db,
    missing.map(({ objectId }) => objectId),
  );
  const nameOf = (id: string): string => names.get(id) ?? id;
  return missing.map(({ privilege, objectId }) => ({
    fault: 'NoPermission',
    message: `${caller.name} lacks the privilege ${privilege} on ${nameOf(objectId)}.`,
    remedy: 'Ask an administrator for a role that has this privilege.',
    objects: [objectId],
  }));
}

/**
 * Throws `NoPermission` with all that is missing, unless the caller holds every wanted privilege.
 */
export async function requirePrivileges(
  db: DatabaseTransaction,
  caller: Caller,
  wanted: readonly WantedPrivilege[],
): Promise<void> {
  const reasons = await missingPrivilegeReasons(db, caller, wanted);
  const [first] = reasons;
  if (first) throw new Fault('NoPermission', first.message, { reasons });
}

/** The user's permissions on all objects. Nothing for a user who is disabled or gone. */
async function readGrants(db: DatabaseTransaction, userId: string): Promise<Grant[]> {
  const rows = await db.permission.findMany({
    where: { userId, user: { disabled: false } },
    include: { role: { select: { privileges: true } } },
  });
  return rows.map(({ objectId, propagate, role }) => ({
    objectId,
    propagate,
    privileges: role.privileges,
  }));
}

async function findPaths(
  db: DatabaseTransaction,
  grants: readonly Grant[],
  wanted: readonly WantedPrivilege[],
): Promise<Map<string, string[][]>> {
  // Most users have one permission, on the root folder: then every path ends alike and none needs
  // to be read.
  if (grants.every(({ objectId }) => objectId === ROOT_FOLDER_ID)) return new Map();
  return findObjectPaths(db, [...new Set(wanted.map(({ objectId }) => objectId))]);
}
