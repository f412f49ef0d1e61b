// What each I/O filter did on a host in the last hour.
import { type HostFilterSample, hostFilterSampleSchema } from '../../model/io.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import { findHost } from './host-store.ts';

/** An hour at one a second. */
const SAMPLES_MAX = 3_600;

/**
 * Those after `since` (milliseconds since the epoch), oldest first. `NotFound` without such a host.
 */
export async function readHostSamples(
  db: DatabaseTransaction,
  hostId: string,
  since: number,
): Promise<{ samples: HostFilterSample[] }> {
  await findHost(db, hostId);
  const rows = await db.hostFilterSample.findMany({
    where: { hostId, at: { gt: new Date(since) } },
    orderBy: { at: 'desc' },
    take: SAMPLES_MAX,
  });
  return { samples: rows.reverse().map(({ data }) => hostFilterSampleSchema.parse(data)) };
}
