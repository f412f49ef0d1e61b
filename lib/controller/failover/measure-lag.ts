// How far a VM was ahead of its targets when its host said so last, whether it is there or not:
// what would be lost with a failover.
import { vmSampleSchema } from '../../model/io.ts';
import type { Loss } from '../../wire/api/replication.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import type { Disk } from '../database/generated/client.ts';
import { diskFiltersSchema, replicationOf } from '../replication/replicated-disks.ts';

export const NO_LOSS: Loss = {
  ...{ isNone: true, lagBytes: 0, lagMilliseconds: 0, lagMeasuredAt: null },
  ...{ journalBytes: 0, journalMilliseconds: 0 },
};

export async function measureLag(
  db: DatabaseTransaction,
  vmId: string,
  copies: readonly { disk: Disk }[],
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
