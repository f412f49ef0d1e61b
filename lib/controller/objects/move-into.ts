// Move objects into a folder, or to directly below their datacenter.
import { z } from 'zod';
import { objectIdSchema } from '../../model/inventory.ts';
import { MOVED_OBJECTS_MAX } from '../../model/limits.ts';
import { type InventoryType, kindOf } from '../../model/object-kind.ts';
import type { Privilege } from '../../model/role.ts';
import {
  type Destination,
  judgeMoveInto,
  type MovedObject,
  type PlacedObject,
} from '../../rules/inventory/folders.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import { defineOperation } from '../tasks/operation.ts';
import { findNamesake } from './find-namesake.ts';
import { findDestination, findObject, folderLevels, readFolders } from './find-object.ts';

const inputSchema = z.object({
  /** A folder or a datacenter. */
  destinationId: objectIdSchema,
  objectIds: z.array(objectIdSchema).min(1).max(MOVED_OBJECTS_MAX),
});
export type MoveIntoInput = z.infer<typeof inputSchema>;

/** What moving an object needs, on it and on where it goes. */
export const MOVE_PRIVILEGES: Record<InventoryType, Privilege> = {
  // The verdict refuses these two, whatever the privilege.
  datacenter: 'Folder.Move',
  datastore: 'Folder.Move',
  folder: 'Folder.Move',
  cluster: 'Host.Inventory.MoveCluster',
  host: 'Host.Inventory.MoveHost',
  vm: 'VirtualMachine.Inventory.Move',
};

export const moveInto = defineOperation({
  key: 'Folder.moveInto',
  label: 'Move into folder',
  input: inputSchema,
  cancelable: false,
  async observe(tx, { destinationId, objectIds }) {
    const target = await findDestination(tx, destinationId);
    const folders = await readFolders(tx, target.datacenterId);
    const moved: MovedObject[] = [];
    for (const id of new Set(objectIds)) {
      const object = await findObject(tx, id);
      const namesake = await namesakeAt(tx, target, object);
      moved.push({ object, namesake, levels: folderLevels(folders, id) });
    }
    return { target, moved };
  },
  privileges: ({ target, moved }) => {
    const kinds = new Set(moved.map(({ object }) => MOVE_PRIVILEGES[object.type]));
    return [
      ...moved.map(({ object }) => ({
        privilege: MOVE_PRIVILEGES[object.type],
        objectId: object.id,
      })),
      ...[...kinds].map((privilege) => ({ privilege, objectId: target.id })),
    ];
  },
  judge: ({ target, moved }) => judgeMoveInto(target, moved),
});

/** Names that are unique everywhere are so at the destination too: folders alone are in the way. */
function namesakeAt(tx: DatabaseTransaction, target: Destination, object: PlacedObject) {
  return findNamesake(tx, {
    ...{ name: object.name, type: object.type, forVms: kindOf(object.id) === 'vmFolder' },
    datacenterId: target.datacenterId,
    folderId: target.type === 'folder' ? target.id : null,
    exceptId: object.id,
  });
}
