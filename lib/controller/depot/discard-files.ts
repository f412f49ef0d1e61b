// Removes files of VIBs that no entry names. Another may enter a VIB of the same file meanwhile (an
// upload, another run of a synchronisation), so whoever enters one and whoever removes one take
// turns.
import { rm } from 'node:fs/promises';
import { transact } from '../changes/transact.ts';
import type { Database, DatabaseTransaction } from '../database/client.ts';
import { type Depot, depotPath } from './depot.ts';

/**
 * By their names in the depot. A file that has an entry stays. Never throws: one that cannot be
 * removed now, and those after it, take up room and no more, and are found in their places when
 * their VIBs come again.
 */
export async function discardFiles(
  { db, depot }: { db: Database; depot: Depot },
  fileNames: readonly string[],
): Promise<void> {
  try {
    for (const fileName of fileNames) {
      await transact(db, async (tx) => {
        await lockVibFiles(tx);
        const entry = await tx.vib.findFirst({ where: { fileName }, select: { id: true } });
        if (!entry) await rm(depotPath(depot, 'vibs', fileName), { force: true });
      });
    }
  } catch {
    // Whether one has an entry is not known, or it cannot be removed: they stay, as said above. A
    // database that is away would keep each of them waiting.
  }
}

/**
 * Until the transaction ends, nobody else enters a VIB or removes a file. One lock for all files: a
 * synchronisation may enter a thousand VIBs, and entries are made one after the other anyhow.
 */
export async function lockVibFiles(tx: DatabaseTransaction): Promise<void> {
  await tx.$queryRaw`SELECT pg_advisory_xact_lock(hashtext('files of VIBs'))::text`;
}
