// A snapshot of all disks at the same moment: the redo logs are made and locked while I/O flows,
// and take the disks' place while it stands still.
import type { ChangeParts } from './change-parts.ts';
import { changeTo, copySidecars, leavePlace, type Move, makeRedoLog } from './disk-access.ts';
import type { OperationOf, OperationResult } from './operation.ts';
import { makeChange } from './standstill.ts';

export async function snapshot(
  parts: ChangeParts,
  { quiesced, disks }: OperationOf<'snapshot'>,
): Promise<OperationResult> {
  const moves = disks.map(({ key, descriptorPath }): Move => {
    return { disk: parts.disks.find(key), descriptorPath, next: {} };
  });
  const pause = await makeChange(parts, {
    kind: 'snapshotCreate',
    quiesced,
    disks: parts.disks.list,
    prepare: async () => {
      for (const { disk, descriptorPath, next } of moves) {
        await makeRedoLog(parts, disk.descriptorPath, descriptorPath);
        next.lock = await disk.lockOf(descriptorPath);
      }
    },
    atStandstill: async () => {
      for (const { disk, descriptorPath, next } of moves) {
        await copySidecars(disk.descriptorPath, descriptorPath, parts.files);
        next.backing = await disk.openPlace(descriptorPath);
      }
    },
    changeOver: async () => {
      for (const move of moves) await changeTo(parts, move);
    },
    takeBack: async () => {
      for (const { next } of moves) await leavePlace(parts, next);
    },
  });
  return { ...pause, copiedBytes: 0 };
}

/** The files stay as they are: only the list changes. */
export async function forgetSnapshots(parts: ChangeParts): Promise<OperationResult> {
  const change = { kind: 'snapshotRemove', disks: parts.disks.list, evenWaiting: true } as const;
  const pause = await makeChange(parts, change);
  return { ...pause, copiedBytes: 0 };
}
