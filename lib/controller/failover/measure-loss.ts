// What is lost with a failover, as far as anybody knows: what the source was ahead of its target
// when it was measured last, and what the target has beyond the moment that is recovered.
import { vmSampleSchema } from '../../model/io.ts';
import { queryWriteRate } from '../../wire/agent/target-rpc.ts';
import type { Loss } from '../../wire/api/replication.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import type { DiskCopy } from '../replication/read-vm-replication.ts';
import { diskFiltersSchema, replicationOf } from '../replication/replicated-disks.ts';
import { callTarget } from '../replication/target-connection.ts';
import { openTarget } from '../replication/targets.ts';
import type { TaskContext } from '../tasks/task-context.ts';
import type { CopyNow } from './copies-now.ts';

export const NO_LOSS: Loss = {
  ...{ isNone: true, lagBytes: 0, lagMilliseconds: 0, lagMeasuredAt: null },
  ...{ journalBytes: 0, journalMilliseconds: 0 },
};

/** The source's side alone, whether it is there or not. */
export async function measureLag(
  db: DatabaseTransaction,
  vmId: string,
  copies: readonly Pick<DiskCopy, 'disk'>[],
): Promise<Loss> {
  const row = await db.vmSample.findFirst({ where: { vmId }, orderBy: { at: 'desc' } });
  const sample = row && vmSampleSchema.parse(row.data);
  const measured = copies.flatMap(({ disk }) => {
    const name = replicationOf(diskFiltersSchema.parse(disk.filters))?.name;
    const found = sample?.disks.find(({ diskKey }) => diskKey === disk.key);
    const filter = found?.filters.find((each) => each.name === name);
    return filter ? [filter.statistics] : [];
  });
  const isWhole = row !== null && measured.length === copies.length && copies.length > 0;
  const bytes = measured.map(({ lagBytes = 0 }) => lagBytes);
  const lags = measured.map(({ lagMilliseconds = 0 }) => lagMilliseconds);
  return {
    isNone: false,
    lagBytes: isWhole ? bytes.reduce((sum, each) => sum + each, 0) : null,
    lagMilliseconds: isWhole ? Math.max(...lags) : null,
    lagMeasuredAt: isWhole ? row.at.toISOString() : null,
    ...{ journalBytes: 0, journalMilliseconds: 0 },
  };
}

/** With what the targets have behind the moment; `at` is null for the newest one. */
export async function measureLoss(
  { db, sealer }: Pick<TaskContext, 'db' | 'sealer'>,
  { vmId, at, copies }: { vmId: string; at: string | null; copies: readonly DiskCopy[] },
  now: readonly CopyNow[],
): Promise<Loss> {
  const lag = await measureLag(db, vmId, copies);
  const ends = now.map(({ report }) => report.newestUs ?? 0);
  const momentUs = at === null ? Math.min(...ends) : Date.parse(at) * 1000;
  const isClosed = at === null && now.every(({ report }) => report.closed);
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
