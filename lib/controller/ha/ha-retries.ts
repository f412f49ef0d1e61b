// VMs whose restart has failed are left alone for a while, which grows with each failure. What is
// counted stands in the tasks, so that a new controller does not begin anew.
import type { DatabaseTransaction } from '../database/client.ts';
import type { Host } from '../database/generated/client.ts';
import { restartVm } from './restart-vm.ts';

const FIRST_MS = 30_000;
const MAX_MS = 10 * 60_000;

/** Of the failed host's VMs, those that are not tried at `now` (wall time, milliseconds). */
export async function readCoolingVms(
  db: DatabaseTransaction,
  failed: Host,
  now: number,
): Promise<Set<string>> {
  const tasks = await db.task.findMany({
    where: {
      operation: restartVm.key,
      state: { in: ['error', 'canceled'] },
      queuedAt: { gte: failed.haSince ?? new Date(0) },
    },
    select: { targetId: true, completedAt: true },
  });
  const failures = new Map<string, { count: number; last: number }>();
  for (const { targetId, completedAt } of tasks) {
    const { count, last } = failures.get(targetId) ?? { count: 0, last: 0 };
    const at = completedAt?.getTime() ?? 0;
    failures.set(targetId, { count: count + 1, last: Math.max(last, at) });
  }
  const isCooling = ({ count, last }: { count: number; last: number }): boolean =>
    now < last + Math.min(MAX_MS, FIRST_MS * 2 ** (count - 1));
  return new Set([...failures].filter(([, each]) => isCooling(each)).map(([id]) => id));
}
