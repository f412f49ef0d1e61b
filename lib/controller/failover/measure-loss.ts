// What is lost with a failover, as far as anybody knows: what the source was ahead of its target
// when it was measured last, and what the target has beyond the moment that is recovered.
import { endTogether } from '../../rules/replication/one-end.ts';
import { queryWriteRate } from '../../wire/agent/target-rpc.ts';
import type { Loss } from '../../wire/api/replication.ts';
import type { DiskCopy } from '../replication/read-vm-replication.ts';
import { callTarget } from '../replication/target-connection.ts';
import { openTarget } from '../replication/targets.ts';
import type { TaskContext } from '../tasks/task-context.ts';
import type { CopyNow } from './copies-now.ts';
import { measureLag } from './measure-lag.ts';

/** With what the targets have behind the moment; `at` is null for the newest one. */
export async function measureLoss(
  { db, sealer }: Pick<TaskContext, 'db' | 'sealer'>,
  { vmId, at, copies }: { vmId: string; at: string | null; copies: readonly DiskCopy[] },
  now: readonly CopyNow[],
): Promise<Loss> {
  const lag = await measureLag(db, vmId, copies);
  const ends = now.map(({ report }) => report.newestUs ?? 0);
  const momentUs = at === null ? Math.min(...ends) : Date.parse(at) * 1000;
  const isClosed = at === null && endTogether(now.map(({ report }) => report));
  if (isClosed || Math.max(...ends) <= momentUs) return lag;
  let journalBytes = 0;
  for (const { target, report } of now) {
    const { diskId, newestUs } = report;
    if (newestUs === null || newestUs <= momentUs) continue;
    const span = { fromUs: momentUs + 1, toUs: newestUs + 1, buckets: 1 };
    const open = openTarget(sealer, target);
    const { buckets } = await callTarget(open, queryWriteRate, { diskIds: [diskId], ...span });
    journalBytes += buckets.reduce((sum, { bytes }) => sum + bytes, 0);
  }
  const journalMilliseconds = Math.round((Math.max(...ends) - momentUs) / 1000);
  return { ...lag, journalBytes, journalMilliseconds };
}
