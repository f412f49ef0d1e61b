// Reads what the lock of a disk says of its holder, without asking for it: for a host that is asked
// whether another one is alive.
import { createHash } from 'node:crypto';
import { LockDirectory } from '../lock-directory.ts';
import type { ProcessTable } from '../process-identity.ts';
import type { SmallFiles } from '../small-files.ts';
import { heartbeatFolder, readHeartbeat } from './heartbeat-folder.ts';

export interface SeenLock {
  state: 'free' | 'dead' | 'held';
  /** Empty when nobody holds it, or its record cannot be read. */
  hostUuid: string;
  /** Differs after each sign of life of the holder; empty unless held. */
  sign: string;
}

/** Throws what files throw. */
export async function readLockSign(
  descriptorPath: string,
  { files, processes }: { files: SmallFiles; processes: ProcessTable },
): Promise<SeenLock> {
  const { epoch, text, record } = await new LockDirectory(descriptorPath, files).current();
  if (epoch === 0 || record?.state === 'released') return { state: 'free', hostUuid: '', sign: '' };
  const hostUuid = record?.owner.hostUuid ?? '';
  if (record && (await processes.isProvablyDead(record.process))) {
    return { state: 'dead', hostUuid, sign: '' };
  }
  const id = record?.heartbeat;
  const folder = id === undefined ? null : await heartbeatFolder(descriptorPath, files);
  const beat = id && folder ? await readHeartbeat(folder.path, id, files) : '';
  const sign = createHash('sha256').update(`${epoch}\n${text}\n${beat}`).digest('hex');
  return { state: 'held', hostUuid, sign };
}
