// May a datacenter, a cluster or a folder be deleted? Only when nothing is in it.
import type { Reason } from '../../model/fault.ts';
import { type InventoryType, KIND_WORDS } from '../../model/object-kind.ts';
import type { NamedObject } from './naming.ts';

/** What stands in it, by type: how many, and the first of them by name. */
export interface Content {
  type: InventoryType;
  count: number;
  first: readonly { id: string; name: string }[];
}

/** One reason for each type of object that is in it. */
export function deleteReasons(object: NamedObject, contents: readonly Content[]): Reason[] {
  if (object.type !== 'datacenter' && object.type !== 'cluster' && object.type !== 'folder') {
    const what = KIND_WORDS[object.type].many;
    return [
      { fault: 'NotSupported', message: `${what} are not deleted this way.`, objects: [object.id] },
    ];
  }
  return contents
    .filter(({ count }) => count > 0)
    .map(({ type, count, first }) => {
      const { noun, plural } = KIND_WORDS[type];
      const named = first.map(({ name }) => name).join(', ');
      const more = count > first.length ? ` and ${count - first.length} more` : '';
      return {
        fault: 'ResourceInUse',
        message: `${object.name} holds ${count} ${count === 1 ? noun : plural}: ${named}${more}.`,
        remedy: 'Move or remove what is in it first.',
        objects: first.map(({ id }) => id),
      };
    });
}
