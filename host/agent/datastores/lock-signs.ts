// Answers the controller's question about the locks of disks on this host's datastores.
import { toFaultRecord } from '#lib/model/fault.ts';
import type { LockSign } from '#lib/wire/agent/lock-rpc.ts';
import type { DatastoreSet } from '../../datastore/datastore-set.ts';
import { readLockSign } from '../../datastore/locking/lock-signs.ts';
import type { ProcessTable } from '../../datastore/process-identity.ts';
import type { SmallFiles } from '../../datastore/small-files.ts';

interface Parts {
  datastores: DatastoreSet;
  files: SmallFiles;
  processes: ProcessTable;
}

/** One that cannot be looked at fails no other. */
export function lockSignsOf(
  parts: Parts,
  disks: readonly { datastoreId: string; path: string }[],
): Promise<LockSign[]> {
  return Promise.all(disks.map((disk) => lockSignOf(parts, disk)));
}

async function lockSignOf(
  { datastores, ...seams }: Parts,
  { datastoreId, path }: { datastoreId: string; path: string },
): Promise<LockSign> {
  try {
    const descriptor = await datastores.resolve(datastoreId, path);
    return { datastoreId, path, ...(await readLockSign(descriptor, seams)), message: '' };
  } catch (thrown) {
    const { message } = toFaultRecord(thrown);
    return { datastoreId, path, state: 'unreadable', hostUuid: '', sign: '', message };
  }
}
