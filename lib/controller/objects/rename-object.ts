// Rename: of every kind of object but hosts, which keep the name by which they were added.
import { z } from 'zod';
import { objectIdSchema, ROOT_FOLDER_ID } from '../../model/inventory.ts';
import { type InventoryType, kindOf } from '../../model/object-kind.ts';
import type { Privilege } from '../../model/role.ts';
import { verdictOf } from '../../model/verdict.ts';
import { type NamedObject, namesakeReasons, renameReasons } from '../../rules/inventory/naming.ts';
import { inventoryNameSchema } from '../../wire/api/inventory-objects.ts';
import { isNameOfClone } from '../clones/is-name-of-clone.ts';
import { defineOperation } from '../tasks/operation.ts';
import { findNamesake } from './find-namesake.ts';
import { findObject } from './find-object.ts';

const inputSchema = z.object({ objectId: objectIdSchema, name: inventoryNameSchema });
export type RenameInput = z.infer<typeof inputSchema>;

const PRIVILEGES: Record<InventoryType, Privilege> = {
  datacenter: 'Datacenter.Rename',
  folder: 'Folder.Rename',
  cluster: 'Host.Inventory.RenameCluster',
  // Nobody may: the verdict says why, and the privilege is one that whoever asks will have.
  host: 'System.Read',
  datastore: 'Datastore.Rename',
  vm: 'VirtualMachine.Config.Rename',
};

/** What the task shows. */
export const RENAME_LABELS: Record<InventoryType, string> = {
  datacenter: 'Rename datacenter',
  folder: 'Rename folder',
  cluster: 'Rename cluster',
  host: 'Rename host',
  datastore: 'Rename datastore',
  vm: 'Rename virtual machine',
};

export const renameObject = defineOperation({
  key: 'ManagedEntity.rename',
  label: 'Rename',
  input: inputSchema,
  cancelable: false,
  async observe(tx, { objectId, name }) {
    const target = await findObject(tx, objectId);
    const { id, type, datacenterId, folderId } = target;
    const forVms = kindOf(id) === 'vmFolder';
    const place = { type, forVms, datacenterId, folderId, exceptId: id };
    const namesake = await findNamesake(tx, { name, ...place });
    const coming: NamedObject | null =
      type === 'vm' && (await isNameOfClone(tx, name, id)) ? { id, name, type } : null;
    return { target, namesake: namesake ?? coming };
  },
  privileges: ({ target }) => [
    {
      privilege: PRIVILEGES[target.type],
      objectId: target.type === 'host' ? ROOT_FOLDER_ID : target.id,
    },
  ],
  judge: ({ target, namesake }, { name }) =>
    verdictOf([
      ...renameReasons(target),
      ...(name === target.name ? [] : namesakeReasons(name, namesake)),
    ]),
});
