// Moments that are served for a VM that is gone, or that has disks of its own by now, are given
// back: a served moment keeps the journal from rolling on.
import { recordChanges } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import type { TaskServices } from '../tasks/task-context.ts';
import { momentsSchema, stopMoments } from './serve-moments.ts';

export async function endOrphans(services: TaskServices): Promise<void> {
  const { db, clock } = services;
  const open = await db.recovery.findMany({
    where: { state: { in: ['preparing', 'serving', 'copying'] } },
  });
  for (const { vmId, sourceId, moments } of open) {
    const where = { targetId: vmId, completedAt: null };
    if ((await db.task.count({ where })) > 0) continue;
    const disks = await db.disk.count({ where: { vmId } });
    const mapped = await db.disk.count({ where: { vmId, path: { contains: '/moment/' } } });
    if (disks > 0 && mapped > 0) continue;
    await stopMoments(services, momentsSchema.parse(moments));
    const state = disks > 0 ? 'completed' : 'ended';
    await transact(db, async (tx) => {
      const data = { state, endedAt: new Date(clock.now()) };
      await tx.recovery.update({ where: { vmId }, data });
      await recordChanges(tx, [
        { object: vmId, path: 'recoveries' },
        { object: sourceId, path: 'recoveries' },
      ]);
    });
  }
}
