// Which privileges a set of permissions gives on one object: the nearest permission on its path
// decides alone, because a permission on a child overrides those that come down from its parents.
// Pure.

/**
 * One permission of a user: a role's privileges on an object, and whether its children inherit
 * them.
 */
export interface Grant {
  objectId: string;
  propagate: boolean;
  privileges: readonly string[];
}

/**
 * The privileges on the first object of `path`, which lists the object and its parents, nearest
 * first.
 */
export function effectivePrivileges(
  grants: readonly Grant[],
  path: readonly string[],
): readonly string[] {
  for (const [distance, objectId] of path.entries()) {
    const grant = grants.find(
      (candidate) => candidate.objectId === objectId && (distance === 0 || candidate.propagate),
    );
    if (grant) return grant.privileges;
  }
  return [];
}
