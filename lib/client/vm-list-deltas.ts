// Keeps the list of all VMs up to date by reading those that have changed, and not ten thousand of
// them because one was powered on.
import { kindOf } from '../model/object-kind.ts';
import type { VmSummary } from '../wire/api/inventory.ts';
import { isAffected, type ObjectChange, queryKey } from './query-keys.ts';

/** Of more it is cheaper to read the list again. */
const CHANGED_MAX = 100;
const LIST = queryKey('listVms');

/**
 * The VMs to read again so that the list is up to date after these changes; null when only the
 * whole list tells (something else than a VM has changed that it shows, or too many have).
 */
export function changedVms(changes: readonly ObjectChange[]): string[] | null {
  const relevant = changes.filter((change) => isAffected(LIST, [change]));
  if (relevant.some(({ object }) => kindOf(object) !== 'vm')) return null;
  const ids = [...new Set(relevant.map(({ object }) => object))];
  return ids.length > CHANGED_MAX ? null : ids;
}

/** The list with what was read of these VMs, by name; those that were not found are gone. */
export function withChanged(
  list: readonly VmSummary[],
  ids: readonly string[],
  fresh: readonly VmSummary[],
): VmSummary[] {
  const read = new Set(ids);
  const kept = list.filter(({ id }) => !read.has(id));
  return [...kept, ...fresh].sort((a, b) => (a.name < b.name ? -1 : 1));
}
