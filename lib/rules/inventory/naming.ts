// May an object of the inventory have that name? Names are unique among what stands in one folder,
// and some in the whole inventory.
import type { Reason } from '../../model/fault.ts';
import { type InventoryType, KIND_WORDS } from '../../model/object-kind.ts';

export interface NamedObject {
  id: string;
  name: string;
  type: InventoryType;
}

/** Empty when nothing of that name is in the way. */
export function namesakeReasons(name: string, namesake: NamedObject | null): Reason[] {
  if (!namesake) return [];
  return [
    {
      fault: 'DuplicateName',
      message: `There is ${KIND_WORDS[namesake.type].one} ${name} already.`,
      remedy: 'Choose another name.',
      objects: [namesake.id],
    },
  ];
}

/** What the field does not rename: a host has the name by which it was added. */
export function renameReasons({ id, name, type }: NamedObject): Reason[] {
  if (type !== 'host') return [];
  return [
    {
      fault: 'NotSupported',
      message: `${name} is a host, and hosts keep the name by which they were added.`,
      remedy: `Remove ${name} and add it by its new name.`,
      objects: [id],
    },
  ];
}
