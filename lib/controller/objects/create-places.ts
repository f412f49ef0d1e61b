// Makes datacenters, clusters and folders. At once and without a task, as the API of vSphere does.
import { Fault, type Reason } from '../../model/fault.ts';
import { ROOT_FOLDER_ID } from '../../model/inventory.ts';
import { type InventoryType, kindOf } from '../../model/object-kind.ts';
import type { Privilege } from '../../model/role.ts';
import { requireAllowed, verdictOf } from '../../model/verdict.ts';
import { createFolderReasons, type Destination } from '../../rules/inventory/folders.ts';
import { namesakeReasons } from '../../rules/inventory/naming.ts';
import {
  createClusterSchema,
  createDatacenterSchema,
  createFolderSchema,
} from '../../wire/api/inventory-objects.ts';
import { recordChanges } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import type { Database, DatabaseTransaction } from '../database/client.ts';
import { postEvent } from '../events/post-event.ts';
import { allocateId } from '../inventory/allocate-id.ts';
import type { Caller } from '../permissions/caller.ts';
import { requirePrivileges } from '../permissions/missing-privileges.ts';
import { parseInput } from '../tasks/parse-input.ts';
import { findNamesake, lockNames } from './find-namesake.ts';
import { findDestination } from './find-object.ts';

/** Returns its id. `NoPermission`, `DuplicateName`. */
export function addDatacenter(db: Database, caller: Caller, input: unknown): Promise<string> {
  const { name } = parseInput(createDatacenterSchema, input);
  return transact(db, async (tx) => {
    await may(tx, caller, 'Datacenter.Create', ROOT_FOLDER_ID);
    await requireFree(tx, { name, type: 'datacenter', parent: null });
    const id = await allocateId(tx, 'datacenter');
    await tx.datacenter.create({ data: { id, name } });
    await announce(tx, caller, { id, name, type: 'datacenter', parentId: null });
    return id;
  });
}

/** Returns its id. `NotFound`, `NoPermission`, `DuplicateName`, `InvalidFolder`. */
export function addCluster(db: Database, caller: Caller, input: unknown): Promise<string> {
  const { name, parentId, drs } = parseInput(createClusterSchema, input);
  return transact(db, async (tx) => {
    const parent = await findDestination(tx, parentId);
    await may(tx, caller, 'Host.Inventory.CreateCluster', parent.id);
    if (kindOf(parent.id) === 'vmFolder') throw wrongFolder(parent, 'clusters');
    await requireFree(tx, { name, type: 'cluster', parent });
    const id = await allocateId(tx, 'cluster');
    const settings = {
      ...{ drsEnabled: drs.enabled, drsBehavior: drs.behavior, drsThreshold: drs.threshold },
    };
    const { datacenterId } = parent;
    const folderId = parent.type === 'folder' ? parent.id : null;
    await tx.cluster.create({ data: { id, name, datacenterId, folderId, ...settings } });
    await announce(tx, caller, { id, name, type: 'cluster', parentId: parent.id });
    return id;
  });
}

/** Returns its id. `NotFound`, `NoPermission`, `DuplicateName`, `InvalidFolder`. */
export function addFolder(db: Database, caller: Caller, input: unknown): Promise<string> {
  const { name, parentId, type } = parseInput(createFolderSchema, input);
  return transact(db, async (tx) => {
    const parent = await findDestination(tx, parentId);
    await may(tx, caller, 'Folder.Create', parent.id);
    const kind = type === 'vm' ? 'vmFolder' : 'hostFolder';
    if (parent.type === 'folder' && kindOf(parent.id) !== kind) {
      throw wrongFolder(
        parent,
        type === 'vm' ? 'folders for virtual machines' : 'folders for hosts',
      );
    }
    const depth = createFolderReasons(parent);
    await requireFree(tx, { name, type: 'folder', parent, forVms: type === 'vm' }, depth);
    const id = await allocateId(tx, kind);
    const place = {
      datacenterId: parent.datacenterId,
      parentId: parent.type === 'folder' ? parent.id : null,
    };
    await tx.folder.create({ data: { id, name, type, ...place } });
    await announce(tx, caller, { id, name, type: 'folder', parentId: parent.id });
    return id;
  });
}

function may(
  tx: DatabaseTransaction,
  caller: Caller,
  privilege: Privilege,
  objectId: string,
): Promise<void> {
  return requirePrivileges(tx, caller, [{ privilege, objectId }]);
}

function wrongFolder({ name }: Destination, what: string): Fault {
  return new Fault('InvalidFolder', `The folder ${name} takes no ${what}.`);
}

interface Wanted {
  name: string;
  type: InventoryType;
  parent: Destination | null;
  forVms?: boolean;
}

async function requireFree(
  tx: DatabaseTransaction,
  { name, type, parent, forVms = false }: Wanted,
  others: readonly Reason[] = [],
): Promise<void> {
  await lockNames(tx);
  const namesake = await findNamesake(tx, {
    ...{ name, type, forVms, datacenterId: parent?.datacenterId ?? '' },
    folderId: parent?.type === 'folder' ? parent.id : null,
  });
  requireAllowed(verdictOf([...others, ...namesakeReasons(name, namesake)]));
}

const EVENTS: Partial<Record<InventoryType, string>> = {
  datacenter: 'DatacenterCreatedEvent',
  cluster: 'ClusterCreatedEvent',
  folder: 'FolderCreatedEvent',
};

async function announce(
  tx: DatabaseTransaction,
  caller: Caller,
  made: { id: string; name: string; type: InventoryType; parentId: string | null },
): Promise<void> {
  const { id, name, type, parentId } = made;
  const above = parentId === null ? [] : [parentId];
  await postEvent(tx, {
    ...{ type: EVENTS[type] ?? 'ObjectCreatedEvent', severity: 'info', initiator: caller.name },
    message: `The ${type} ${name} was created.`,
    objects: [id, ...above],
  });
  await recordChanges(tx, [
    { object: id, path: 'created' },
    ...above.map((object) => ({ object, path: 'contents' })),
  ]);
}
