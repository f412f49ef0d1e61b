// The locks of the many hosts of one process live by one heartbeat instead of a lease each, which
// would be a thousand files written every second. Their directories lie below folders that are
// marked for it, as a VMFS datastore is, so that another agent knows where to look.
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '#lib/base/clock.ts';
import type { Random } from '#lib/base/random.ts';
import { DATASTORE_MARKER } from '../../datastore/datastore.ts';
import { Heartbeats } from '../../datastore/locking/heartbeats.ts';
import { writeFileDurably } from '../../datastore/write-file.ts';

export async function shareHeartbeat(
  directories: readonly string[],
  { clock, random }: { clock: Clock; random: Random },
): Promise<Heartbeats> {
  for (const folder of new Set(directories.map((directory) => dirname(directory)))) {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeFileDurably(join(folder, DATASTORE_MARKER), JSON.stringify({ type: 'VMFS' }));
  }
  return new Heartbeats({ clock, random });
}
