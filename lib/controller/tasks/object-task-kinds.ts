// The kinds of tasks that rename, move and delete objects of the inventory, and that synchronise
// online depots.
import { deleteObject } from '../objects/delete-object.ts';
import { moveInto } from '../objects/move-into.ts';
import { renameObject } from '../objects/rename-object.ts';
import { syncDepot } from '../online-depots/sync-depot.ts';
import { type TaskKind, taskKind } from './task-kind.ts';

export const OBJECT_TASK_KINDS: readonly TaskKind[] = [
  taskKind(
    syncDepot,
    async () => (await import('../online-depots/sync-depot-task.ts')).performSyncDepot,
  ),
  taskKind(
    renameObject,
    async () => (await import('../objects/rename-object-task.ts')).performRename,
  ),
  taskKind(moveInto, async () => (await import('../objects/move-into-task.ts')).performMoveInto),
  taskKind(
    deleteObject,
    async () => (await import('../objects/delete-object-task.ts')).performDeleteObject,
  ),
];
