// Whole virtual machines: snapshots, disks, clones, storage migration, templates; and datastores.
import { cloneVm } from '../controller/clones/clone-vm.ts';
import { deleteVm } from '../controller/clones/delete-vm.ts';
import { markAsTemplate, markAsVirtualMachine } from '../controller/clones/mark-template.ts';
import { readCloneTargets } from '../controller/clones/read-clone-targets.ts';
import {
  CREATE_DATASTORE_TASKS,
  createDatastore,
} from '../controller/datastores/create-datastore.ts';
import {
  deleteDatastore,
  mountDatastore,
  unmountDatastore,
} from '../controller/datastores/mount-datastore.ts';
import { readDatastore, readDatastores } from '../controller/datastores/read-datastores.ts';
import { sealOptions } from '../controller/datastores/sealed-options.ts';
import { addDisk } from '../controller/disks/add-disk.ts';
import { growDisk } from '../controller/disks/grow-disk.ts';
import { removeDisk } from '../controller/disks/remove-disk.ts';
import { readStorageTargets } from '../controller/relocation/read-storage-targets.ts';
import { relocateVm } from '../controller/relocation/relocate-vm.ts';
import { createSealer } from '../controller/secrets/sealer.ts';
import { consolidateDisks } from '../controller/snapshots/consolidate-disks.ts';
import { createSnapshot } from '../controller/snapshots/create-snapshot.ts';
import { removeAllSnapshots, removeSnapshot } from '../controller/snapshots/remove-snapshot.ts';
import { renameSnapshot } from '../controller/snapshots/rename-snapshot.ts';
import { revertToSnapshot } from '../controller/snapshots/revert-to-snapshot.ts';
import { resetVm } from '../controller/vms/reset-vm.ts';
import type { VM_OPERATION_ROUTES } from '../wire/api/vm-operation-routes.ts';
import type { Handlers } from './handlers.ts';
import { judge, startTask } from './start-task.ts';

export const vmOperationRoutes = {
  resetVm: (request) => startTask(request, resetVm, { vmId: request.params.id }),
  deleteVm: (request) => startTask(request, deleteVm, { vmId: request.params.id }),
  markTemplate: (request) => {
    const operation = request.body.template ? markAsTemplate : markAsVirtualMachine;
    return startTask(request, operation, { vmId: request.params.id });
  },

  createSnapshot: (request) =>
    startTask(request, createSnapshot, { vmId: request.params.id, ...request.body }),
  consolidateDisks: (request) => startTask(request, consolidateDisks, { vmId: request.params.id }),
  removeAllSnapshots: (request) =>
    startTask(request, removeAllSnapshots, { vmId: request.params.id }),
  revertToSnapshot: (request) => startTask(request, revertToSnapshot, snapshotOf(request.params)),
  renameSnapshot: (request) =>
    startTask(request, renameSnapshot, { ...snapshotOf(request.params), ...request.body }),
  removeSnapshot: (request) =>
    startTask(request, removeSnapshot, {
      ...snapshotOf(request.params),
      removeChildren: request.query.children === 'remove',
    }),

  addDisk: (request) =>
    startTask(request, addDisk, {
      ...{ change: 'addDisk', vmId: request.params.id, disk: request.body },
    }),
  checkAddDisk: (request) =>
    judge(request, addDisk, { change: 'addDisk', vmId: request.params.id, disk: request.body }),
  growDisk: (request) =>
    startTask(request, growDisk, {
      change: 'growDisk',
      ...diskOf(request.params),
      ...request.body,
    }),
  removeDisk: (request) =>
    startTask(request, removeDisk, {
      ...{ change: 'removeDisk', ...diskOf(request.params) },
      deleteFiles: request.query.files === 'delete',
    }),

  cloneVm: (request) => startTask(request, cloneVm, { vmId: request.params.id, ...request.body }),
  checkClone: (request) => judge(request, cloneVm, { vmId: request.params.id, ...request.body }),
  listCloneTargets: ({ context: { db }, session: { caller }, params }) =>
    readCloneTargets({ db, caller }, params.id),
  relocateVm: (request) =>
    startTask(request, relocateVm, { vmId: request.params.id, ...request.body }),
  checkRelocate: (request) =>
    judge(request, relocateVm, { vmId: request.params.id, ...request.body }),
  listStorageTargets: ({ context: { db }, session: { caller }, params }) =>
    readStorageTargets({ db, caller }, params.id),

  listDatastores: ({ context }) => readDatastores(context.db),
  readDatastore: ({ context: { db }, session: { caller }, params }) =>
    readDatastore({ db, caller }, params.id),
  createDatastore(request) {
    const { body, context } = request;
    // Before anything is written down.
    const options = sealOptions(createSealer(context.depotSecret, context.random), body.options);
    const showAs = CREATE_DATASTORE_TASKS[body.type];
    return startTask(request, createDatastore, { ...body, options }, showAs);
  },
  mountDatastore: (request) => {
    const { hostId, mounted } = request.body;
    const operation = mounted ? mountDatastore : unmountDatastore;
    return startTask(request, operation, { datastoreId: request.params.id, hostId });
  },
  deleteDatastore: (request) =>
    startTask(request, deleteDatastore, { datastoreId: request.params.id }),
} satisfies Handlers<keyof typeof VM_OPERATION_ROUTES>;

/** A number that is none is refused by the operation's own schema. */
function snapshotOf(params: { id: string; snapshotId: string }) {
  return { vmId: params.id, snapshotId: Number(params.snapshotId) };
}

function diskOf(params: { id: string; key: string }) {
  return { vmId: params.id, diskKey: Number(params.key) };
}
