// The kinds of tasks that rename, move and delete objects of the inventory.
import { deleteObject } from '../objects/delete-object.ts';
import { moveInto } from '../objects/move-into.ts';
import { renameObject } from '../objects/rename-object.ts';
import { type TaskKind, taskKind } from './task-kind.ts';

export const OBJECT_TASK_KINDS: readonly TaskKind[] = [
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
