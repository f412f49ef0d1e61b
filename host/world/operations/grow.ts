// Makes a disk larger while it is in use: clients that connect from then on see the new size.
import type { Backing } from '../../disk/backing.ts';
import { growFlatDisk } from '../../disk/grow-disk.ts';
import type { ChangeParts } from './change-parts.ts';
import { leavePlace } from './disk-access.ts';
import type { OperationOf, OperationResult } from './operation.ts';
import { makeChange } from './standstill.ts';

export async function grow(
  parts: ChangeParts,
  { key, capacityBytes }: OperationOf<'grow'>,
): Promise<OperationResult> {
  const { files } = parts;
  const disk = parts.disks.find(key);
  const { descriptorPath } = disk;
  let backing: Backing | undefined;
  const pause = await makeChange(parts, {
    kind: 'grow',
    disks: [disk],
    sizeBytes: capacityBytes,
    // The new descriptor, written last, is what makes the disk larger.
    atStandstill: async () => {
      await growFlatDisk({ descriptorPath, capacityBytes, files });
    },
    changeOver: async () => {
      backing = await disk.openPlace(descriptorPath);
      const before = disk.changeBacking({ ...disk.place, backing });
      await leavePlace(parts, { backing: before.backing });
    },
  });
  return { ...pause, copiedBytes: 0 };
}
