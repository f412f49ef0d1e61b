// What a migration measured, out of the result of its task.
import type { TaskView } from '#lib/wire/api/tasks.ts';

/** Keys of the tasks that move a VM, by hand and by DRS. */
const MIGRATIONS = new Set(['VirtualMachine.migrate', 'Drm.ExecuteVMotionLRO']);

export interface MigrationResult {
  pauseMs: number;
  heldIos: number;
  connections: number;
}

export function isMigration({ operation }: Pick<TaskView, 'operation'>): boolean {
  return MIGRATIONS.has(operation);
}

/** Null for a task that is no migration, has not ended well, or moved a VM that was powered off. */
export function migrationResult(task: TaskView): MigrationResult | null {
  if (!isMigration(task) || task.state !== 'success') return null;
  const { result } = task;
  if (result === null || typeof result !== 'object' || Array.isArray(result)) return null;
  const { pauseMs, heldIos, connections } = result;
  if (typeof pauseMs !== 'number' || typeof heldIos !== 'number') return null;
  return typeof connections === 'number' ? { pauseMs, heldIos, connections } : null;
}
