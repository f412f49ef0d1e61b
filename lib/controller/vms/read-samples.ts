// A VM's measured samples of the last hour.

import type { VmSample } from '../../model/io.ts';
import { vmSampleSchema } from '../../model/io.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import { findVmFacts } from './vm-store.ts';

/** An hour at one a second. */
const SAMPLES_MAX = 3_600;

/**
 * Those after `since` (milliseconds since the epoch), oldest first. `NotFound` without such a VM.
 */
export async function readSamples(
  db: DatabaseTransaction,
  vmId: string,
  since: number,
): Promise<{ samples: VmSample[] }> {
  await findVmFacts(db, vmId);
  const rows = await db.vmSample.findMany({
    where: { vmId, at: { gt: new Date(since) } },
    orderBy: { at: 'desc' },
    take: SAMPLES_MAX,
  });
  return { samples: rows.reverse().map(({ data }) => vmSampleSchema.parse(data)) };
}
