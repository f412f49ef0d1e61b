// The kinds of tasks that add, move and remove hosts.
import { addHost } from '../membership/add-host.ts';
import { moveHost } from '../membership/move-host.ts';
import { removeHost } from '../membership/remove-host.ts';
import { type TaskKind, taskKind } from './task-kind.ts';

export const MEMBERSHIP_TASK_KINDS: readonly TaskKind[] = [
  taskKind(addHost, async () => (await import('../membership/add-host-task.ts')).performAddHost),
  taskKind(moveHost, async () => (await import('../membership/move-host-task.ts')).performMoveHost),
  taskKind(
    removeHost,
    async () => (await import('../membership/remove-host-task.ts')).performRemoveHost,
  ),
];
