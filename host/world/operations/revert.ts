// Back to a snapshot: empty redo logs on what it froze take the disks' places. What stood above is
// deleted by the agent once it is given up.
import type { ChangeParts } from './change-parts.ts';
import { changeTo, copySidecars, leavePlace, type Move, makeRedoLog } from './disk-access.ts';
import type { OperationOf, OperationResult } from './operation.ts';
import { makeChange } from './standstill.ts';

export async function revert(
  parts: ChangeParts,
  { disks, removed }: OperationOf<'revert'>,
): Promise<OperationResult> {
  const present = parts.disks.list.map(({ diskKey }) => diskKey);
  const leaving = removed.map((key) => parts.disks.find(key));
  const moves: Move[] = [];
  const pause = await makeChange(parts, {
    kind: 'snapshotRevert',
    disks: parts.disks.list,
    prepare: async () => {
      for (const { key, parentPath, descriptorPath } of disks) {
        await makeRedoLog(parts, parentPath, descriptorPath);
        await copySidecars(parentPath, descriptorPath, parts.files);
        // A disk that was detached since comes back with the next power on.
        if (!present.includes(key)) continue;
        const disk = parts.disks.find(key);
        const move: Move = { disk, descriptorPath, next: {} };
        moves.push(move);
        move.next.lock = await disk.lockOf(descriptorPath);
        move.next.backing = await disk.openPlace(descriptorPath);
      }
    },
    changeOver: async () => {
      for (const move of moves) await changeTo(parts, move);
      for (const disk of leaving) await parts.server.removeExport(disk);
    },
    takeBack: async () => {
      for (const { next } of moves) await leavePlace(parts, next);
    },
  });
  // Not before: what follows from the commit is written only while the locks of all are held.
  for (const disk of leaving) await parts.disks.remove(disk);
  return { ...pause, copiedBytes: 0 };
}
