// Takes uploads away that nobody needs any more: those whose task has ended, and those that waited
// for a day.
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Database } from '../database/client.ts';
import type { Depot } from '../depot/depot.ts';
import { listImports, removeImport } from './import-store.ts';

const WAITING_MS = 24 * 60 * 60 * 1000;

export async function sweepImports(db: Database, depot: Depot): Promise<void> {
  const now = depot.clock.now();
  const staged = await listImports(depot);
  const ended = await endedTasks(
    db,
    staged.flatMap(({ taskId }) => taskId ?? []),
  );
  for (const { id, taskId, createdAt } of staged) {
    const isOver = taskId === null ? createdAt < now - WAITING_MS : ended.has(taskId);
    if (isOver) await removeImport(depot, id);
  }
  await sweepUnrecorded(depot, new Set(staged.map(({ id }) => id)));
}

/** Ended, or gone with its history. */
async function endedTasks(db: Database, taskIds: readonly string[]): Promise<Set<string>> {
  if (taskIds.length === 0) return new Set();
  const going = await db.task.findMany({
    where: { id: { in: [...taskIds] }, completedAt: null },
    select: { id: true },
  });
  const ids = new Set(going.map(({ id }) => id));
  return new Set(taskIds.filter((id) => !ids.has(id)));
}

/** Folders of uploads that a kill cut short before anything was written down. */
async function sweepUnrecorded(depot: Depot, known: ReadonlySet<string>): Promise<void> {
  const folder = path.join(depot.folder, 'imports');
  for (const name of await readdir(folder).catch(() => [])) {
    if (known.has(name)) continue;
    const { mtimeMs } = await stat(path.join(folder, name));
    if (mtimeMs < depot.clock.now() - WAITING_MS) await removeImport(depot, name);
  }
}
