// The uploads that wait to be imported, for whoever made them.
import { Fault } from '../../model/fault.ts';
import type { ImportView } from '../../wire/api/imports.ts';
import type { Depot } from '../depot/depot.ts';
import type { Caller } from '../permissions/caller.ts';
import { listImports, readImport, removeImport, viewOfImport } from './import-store.ts';

interface Own {
  depot: Depot;
  caller: Caller;
}

/** Those that no task imports yet, the oldest first. */
export async function readOwnImports({ depot, caller }: Own): Promise<ImportView[]> {
  const staged = await listImports(depot);
  const own = staged.filter(({ owner, taskId }) => owner === caller.name && taskId === null);
  return own.map(viewOfImport);
}

/** `NotFound`, or `TaskInProgress` while a task imports it. */
export async function discardImport({ depot, caller }: Own, id: string): Promise<void> {
  const { taskId } = await readImport(depot, id, caller.name);
  if (taskId !== null) throw new Fault('TaskInProgress', 'A task imports these files.');
  await removeImport(depot, id);
}
