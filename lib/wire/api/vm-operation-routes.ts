// The part of the table of routes that is about whole virtual machines, their disks and snapshots,
// and datastores.
import { z } from 'zod';
import { verdictSchema } from '../../model/task.ts';
import {
  createDatastoreSchema,
  datastoreSummarySchema,
  datastoreViewSchema,
  mountDatastoreSchema,
} from './datastores.ts';
import { migrationTargetsSchema } from './operations.ts';
import { taskStartedSchema } from './tasks.ts';
import {
  addDiskSchema,
  cloneVmSchema,
  createSnapshotSchema,
  growDiskSchema,
  markTemplateSchema,
  relocateVmSchema,
  removeDiskQuerySchema,
  removeSnapshotQuerySchema,
  renameSnapshotSchema,
  storageTargetsSchema,
} from './vm-operations.ts';

const none = z.object({});

export const VM_OPERATION_ROUTES = {
  resetVm: { method: 'POST', path: '/vms/{id}/reset', body: none, answer: taskStartedSchema },
  deleteVm: { method: 'DELETE', path: '/vms/{id}', answer: taskStartedSchema },
  markTemplate: {
    method: 'POST',
    path: '/vms/{id}/template',
    body: markTemplateSchema,
    answer: taskStartedSchema,
  },

  createSnapshot: {
    method: 'POST',
    path: '/vms/{id}/snapshots',
    body: createSnapshotSchema,
    answer: taskStartedSchema,
  },
  removeAllSnapshots: {
    method: 'DELETE',
    path: '/vms/{id}/snapshots',
    answer: taskStartedSchema,
  },
  consolidateDisks: {
    method: 'POST',
    path: '/vms/{id}/consolidate',
    body: none,
    answer: taskStartedSchema,
  },
  revertToSnapshot: {
    method: 'POST',
    path: '/vms/{id}/snapshots/{snapshotId}/revert',
    body: none,
    answer: taskStartedSchema,
  },
  renameSnapshot: {
    method: 'PATCH',
    path: '/vms/{id}/snapshots/{snapshotId}',
    body: renameSnapshotSchema,
    answer: taskStartedSchema,
  },
  removeSnapshot: {
    method: 'DELETE',
    path: '/vms/{id}/snapshots/{snapshotId}',
    query: removeSnapshotQuerySchema,
    answer: taskStartedSchema,
  },

  addDisk: {
    method: 'POST',
    path: '/vms/{id}/disks',
    body: addDiskSchema,
    answer: taskStartedSchema,
  },
  checkAddDisk: {
    method: 'POST',
    path: '/vms/{id}/disks/check',
    body: addDiskSchema,
    answer: verdictSchema,
  },
  growDisk: {
    method: 'PATCH',
    path: '/vms/{id}/disks/{key}',
    body: growDiskSchema,
    answer: taskStartedSchema,
  },
  removeDisk: {
    method: 'DELETE',
    path: '/vms/{id}/disks/{key}',
    query: removeDiskQuerySchema,
    answer: taskStartedSchema,
  },

  cloneVm: {
    method: 'POST',
    path: '/vms/{id}/clone',
    body: cloneVmSchema,
    answer: taskStartedSchema,
  },
  checkClone: {
    method: 'POST',
    path: '/vms/{id}/clone/check',
    body: cloneVmSchema,
    answer: verdictSchema,
  },
  listCloneTargets: {
    method: 'GET',
    path: '/vms/{id}/clone-targets',
    answer: migrationTargetsSchema,
  },
  relocateVm: {
    method: 'POST',
    path: '/vms/{id}/relocate',
    body: relocateVmSchema,
    answer: taskStartedSchema,
  },
  checkRelocate: {
    method: 'POST',
    path: '/vms/{id}/relocate/check',
    body: relocateVmSchema,
    answer: verdictSchema,
  },
  listStorageTargets: {
    method: 'GET',
    path: '/vms/{id}/storage-targets',
    answer: storageTargetsSchema,
  },

  listDatastores: { method: 'GET', path: '/datastores', answer: z.array(datastoreSummarySchema) },
  readDatastore: { method: 'GET', path: '/datastores/{id}', answer: datastoreViewSchema },
  createDatastore: {
    method: 'POST',
    path: '/datastores',
    body: createDatastoreSchema,
    answer: taskStartedSchema,
  },
  mountDatastore: {
    method: 'POST',
    path: '/datastores/{id}/mount',
    body: mountDatastoreSchema,
    answer: taskStartedSchema,
  },
  deleteDatastore: { method: 'DELETE', path: '/datastores/{id}', answer: taskStartedSchema },
} as const;
