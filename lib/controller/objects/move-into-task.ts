// Moves objects into a folder: their rows alone, nothing of what they are changes.
import { requireAllowed } from '../../model/verdict.ts';
import type { PlacedObject } from '../../rules/inventory/folders.ts';
import { recordChanges } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import { postEvent } from '../events/post-event.ts';
import type { TaskHandler } from '../tasks/task-context.ts';
import { lockNames } from './find-namesake.ts';
import { type MoveIntoInput, moveInto } from './move-into.ts';

export const performMoveInto: TaskHandler<MoveIntoInput> = async (context, input) => {
  const { db, initiator, taskId } = context;
  await transact(db, async (tx) => {
    await lockNames(tx);
    const observed = await moveInto.observe(tx, input);
    requireAllowed(moveInto.judge(observed, input));
    const { target, moved } = observed;
    const folderId = target.type === 'folder' ? target.id : null;
    const objects = moved.map(({ object }) => object).filter((one) => one.folderId !== folderId);
    // Also when a run before this one got so far.
    if (objects.length === 0) return;
    await place(tx, objects, folderId);
    const names = objects.map(({ name }) => name).slice(0, 5);
    const more = objects.length > names.length ? ` and ${objects.length - names.length} more` : '';
    const ids = objects.map(({ id }) => id);
    await postEvent(tx, {
      ...{ type: 'ObjectsMovedEvent', severity: 'info', initiator, taskId },
      message: `Moved into ${target.name}: ${names.join(', ')}${more}.`,
      objects: [target.id, ...ids],
    });
    const left = objects.flatMap((object) => object.folderId ?? []);
    const folders = new Set([target.id, ...left]);
    await recordChanges(tx, [
      ...ids.map((object) => ({ object, path: 'folder' })),
      ...[...folders].map((object) => ({ object, path: 'contents' })),
    ]);
  });
  return undefined;
};

async function place(
  tx: DatabaseTransaction,
  objects: readonly PlacedObject[],
  folderId: string | null,
): Promise<void> {
  const of = (type: PlacedObject['type']) => ({
    id: { in: objects.filter((object) => object.type === type).map(({ id }) => id) },
  });
  await tx.vm.updateMany({ where: of('vm'), data: { folderId } });
  await tx.host.updateMany({ where: of('host'), data: { folderId } });
  await tx.cluster.updateMany({ where: of('cluster'), data: { folderId } });
  await tx.folder.updateMany({ where: of('folder'), data: { parentId: folderId } });
}
