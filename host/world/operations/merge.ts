// Puts a redo log into the disk below it, which then takes its place. The disk below belongs to
// nobody but the log, and where both have something the log's counts: so copying can be broken off,
// and begun again, at any time. Only who builds on which changes in the end, in one step.
import { Fault } from '#lib/model/fault.ts';
import { readDescriptor } from '../../datastore/descriptor-file.ts';
import { copySidecars, removeSidecarFiles, sidecarPaths } from '../../datastore/sidecar-file.ts';
import type { Backing } from '../../disk/backing.ts';
import { dropLayer, mergeRedoLog, mirrorForMerge } from '../../disk/merge-redo-log.ts';
import { RedoLog } from '../../disk/redo-log.ts';
import type { ServedDisk } from '../../disk/served-disk.ts';
import type { ChangeParts } from './change-parts.ts';
import { leavePlace, progressOf, stepInto } from './disk-access.ts';
import type { OperationOf, OperationResult } from './operation.ts';
import { makeChange } from './standstill.ts';

type Merge = OperationOf<'merge'>;

export function merge(parts: ChangeParts, operation: Merge): Promise<OperationResult> {
  return operation.running ? mergeRunning(parts, operation) : mergeFrozen(parts, operation);
}

/** The child is frozen: nobody writes to it. */
async function mergeFrozen(parts: ChangeParts, operation: Merge): Promise<OperationResult> {
  const disk = parts.disks.find(operation.key);
  const child = await disk.openPlace(operation.childPath);
  let copiedBytes: number;
  try {
    const frozen = requireLog(child, operation.childPath);
    const onProgress = progressOf(parts, 'Merging disks');
    copiedBytes = await mergeRedoLog({ frozen, onProgress, signal: parts.signal });
  } finally {
    await child.close();
  }
  const { grandchildren, parentPath: parentDescriptorPath } = operation;
  const { files } = parts;
  const pause = await makeChange(parts, {
    kind: null,
    disks: [disk],
    atStandstill: () => takePlace(parts, operation),
    // Only now, because until then the child is still what the .vmsd names; after a crash the agent
    // does it again. What runs is opened anew, over the disk that has taken the child's place.
    changeOver: async () => {
      for (const childDescriptorPath of grandchildren) {
        await dropLayer({ childDescriptorPath, parentDescriptorPath, files });
      }
      const backing = await disk.openPlace(disk.descriptorPath);
      const before = disk.changeBacking({ ...disk.place, backing });
      await leavePlace(parts, { backing: before.backing });
    },
  });
  return { ...pause, copiedBytes };
}

/** The disk runs on the child: until the end new writes go to both. */
async function mergeRunning(parts: ChangeParts, operation: Merge): Promise<OperationResult> {
  const { key, parentPath } = operation;
  const disk: ServedDisk = parts.disks.find(key);
  const log = requireLog(disk.backing, operation.childPath);
  const lock = await disk.lockOf(parentPath);
  const mirror = mirrorForMerge(log, (errno) =>
    parts.log('error', `The disk below ${operation.childPath} cannot be written: errno ${errno}.`),
  );
  try {
    await stepInto(parts, disk, mirror);
    const onProgress = progressOf(parts, 'Merging disks');
    const copiedBytes = await mirror.copy({ onProgress, signal: parts.signal });
    const pause = await makeChange(parts, {
      kind: null,
      disks: [disk],
      atStandstill: async () => {
        await mirror.finish();
        await takePlace(parts, operation);
      },
      changeOver: async () => {
        const place = { backing: log.parent, descriptorPath: parentPath, lock };
        const before = disk.changeBacking(place);
        await leavePlace(parts, { lock: before.lock });
        await log.closeOwn();
      },
    });
    return { ...pause, copiedBytes };
  } catch (thrown) {
    if (disk.backing === mirror) {
      mirror.abort();
      await stepInto(parts, disk, log);
    }
    if (disk.place.lock !== lock) await leavePlace(parts, { lock });
    throw thrown;
  }
}

/** The parent gets what the child has beside its data. */
async function takePlace({ files }: ChangeParts, { parentPath, childPath }: Merge): Promise<void> {
  const before = await readDescriptor(parentPath, files);
  await copySidecars(childPath, parentPath, files);
  await removeSidecarFiles(sidecarPaths(parentPath, before), files);
}

function requireLog(backing: Backing, descriptorPath: string): RedoLog {
  if (backing instanceof RedoLog) return backing;
  throw new Fault('InvalidDiskFormat', `${descriptorPath} is no redo log and cannot be merged.`);
}
