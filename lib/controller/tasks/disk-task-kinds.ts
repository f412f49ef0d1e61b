// The kinds of tasks that work on whole virtual machines, their disks and snapshots, and on
// datastores; each handler is loaded when the first such task runs.
import { cloneVm } from '../clones/clone-vm.ts';
import { deleteVm } from '../clones/delete-vm.ts';
import { markAsTemplate, markAsVirtualMachine } from '../clones/mark-template.ts';
import { CREATE_DATASTORE_TASKS, createDatastore } from '../datastores/create-datastore.ts';
import {
  deleteDatastore,
  mountDatastore,
  unmountDatastore,
} from '../datastores/mount-datastore.ts';
import { addDisk } from '../disks/add-disk.ts';
import { growDisk } from '../disks/grow-disk.ts';
import { removeDisk } from '../disks/remove-disk.ts';
import { importVm } from '../imports/import-vm.ts';
import { recryptVm } from '../keys/recrypt-vm.ts';
import { relocateVm } from '../relocation/relocate-vm.ts';
import { consolidateDisks } from '../snapshots/consolidate-disks.ts';
import { createSnapshot } from '../snapshots/create-snapshot.ts';
import { removeAllSnapshots, removeSnapshot } from '../snapshots/remove-snapshot.ts';
import { renameSnapshot } from '../snapshots/rename-snapshot.ts';
import { revertToSnapshot } from '../snapshots/revert-to-snapshot.ts';
import { assignPolicies } from '../vms/assign-policies.ts';
import { resetVm } from '../vms/reset-vm.ts';
import { suspendVm } from '../vms/suspend-vm.ts';
import { oneKindOf, type TaskKind, taskKind } from './task-kind.ts';

const disks = () => import('../disks/disk-tasks.ts');
const removal = () => import('../snapshots/remove-snapshot-task.ts');
const marking = () => import('../clones/mark-template-task.ts');
const datastores = () => import('../datastores/datastore-tasks.ts');
const creation = taskKind(createDatastore, async () => (await datastores()).performCreateDatastore);

export const DISK_TASK_KINDS: readonly TaskKind[] = [
  taskKind(suspendVm, async () => (await import('../vms/suspend-vm-task.ts')).performSuspend),
  taskKind(resetVm, async () => (await import('../vms/reset-vm-task.ts')).performReset),
  taskKind(recryptVm, async () => (await import('../keys/recrypt-vm-task.ts')).performRecrypt),
  // All of them are VirtualMachine.reconfigure; their inputs tell them apart.
  oneKindOf([
    taskKind(
      assignPolicies,
      async () => (await import('../vms/assign-policies-task.ts')).performAssignPolicies,
    ),
    taskKind(growDisk, async () => (await disks()).performGrowDisk),
    taskKind(addDisk, async () => (await disks()).performAddDisk),
    taskKind(removeDisk, async () => (await disks()).performRemoveDisk),
  ]),
  taskKind(
    createSnapshot,
    async () => (await import('../snapshots/create-snapshot-task.ts')).performCreateSnapshot,
  ),
  taskKind(
    revertToSnapshot,
    async () => (await import('../snapshots/revert-to-snapshot-task.ts')).performRevertToSnapshot,
  ),
  taskKind(
    renameSnapshot,
    async () => (await import('../snapshots/rename-snapshot-task.ts')).performRenameSnapshot,
  ),
  taskKind(removeSnapshot, async () => (await removal()).performRemoveSnapshot),
  taskKind(
    consolidateDisks,
    async () => (await import('../snapshots/consolidate-disks-task.ts')).performConsolidate,
  ),
  taskKind(removeAllSnapshots, async () => (await removal()).performRemoveAllSnapshots),
  taskKind(cloneVm, async () => (await import('../clones/clone-vm-task.ts')).performClone),
  taskKind(importVm, async () => (await import('../imports/import-vm-task.ts')).performImport),
  taskKind(markAsTemplate, async () => (await marking()).performMarkAsTemplate),
  taskKind(markAsVirtualMachine, async () => (await marking()).performMarkAsVirtualMachine),
  taskKind(deleteVm, async () => (await import('../clones/delete-vm-task.ts')).performDeleteVm),
  taskKind(
    relocateVm,
    async () => (await import('../relocation/relocate-vm-task.ts')).performRelocate,
  ),
  ...Object.values(CREATE_DATASTORE_TASKS).map(({ key }) => ({ ...creation, key })),
  taskKind(mountDatastore, async () => (await datastores()).performMountDatastore),
  taskKind(unmountDatastore, async () => (await datastores()).performUnmountDatastore),
  taskKind(deleteDatastore, async () => (await datastores()).performDeleteDatastore),
];
