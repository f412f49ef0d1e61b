// Moves disks, with all that they build on, to other places while they work. What is frozen is
// copied; what runs is written to both places from the beginning, behind a cursor that copies the
// rest, until both are equal and the disk changes over in one standstill.
import { assert } from '#lib/base/assert.ts';
import type { Backing } from '../../disk/backing.ts';
import type { DiskPlace } from '../../disk/disk-place.ts';
import { MirrorBacking } from '../../disk/mirror-backing.ts';
import type { ServedDisk } from '../../disk/served-disk.ts';
import type { ChangeParts } from './change-parts.ts';
import { copierFor, copyLayer, type LayerPlace, makeLayer } from './copy-layer.ts';
import { changeTo, copySidecars, leavePlace, progressOf, stepInto } from './disk-access.ts';
import type { OperationOf, OperationResult } from './operation.ts';
import { makeChange } from './standstill.ts';

type Relocate = OperationOf<'relocate'>;

/** A disk on its way. */
interface Moving {
  disk: ServedDisk;
  source: Backing;
  mirror: MirrorBacking;
  targetPath: string;
  next: Partial<DiskPlace>;
}

export async function relocate(parts: ChangeParts, { disks }: Relocate): Promise<OperationResult> {
  const moving: Moving[] = [];
  let copiedBytes = 0;
  const pause = await makeChange(parts, {
    kind: 'relocate',
    disks: parts.disks.list,
    evenWaiting: true,
    prepare: async () => {
      for (const { key, layers } of disks) {
        const disk = parts.disks.find(key);
        for (const layer of layers) {
          if (layer.sourcePath !== disk.descriptorPath)
            copiedBytes += await copyLayer(parts, layer);
        }
        const top = layers.find(({ sourcePath }) => sourcePath === disk.descriptorPath);
        if (top !== undefined)
          copiedBytes += await mirrorLayer(parts, { disk, layer: top, moving });
      }
    },
    atStandstill: async () => {
      for (const { disk, mirror, targetPath } of moving) {
        await mirror.finish();
        await copySidecars(disk.descriptorPath, targetPath, parts.files);
      }
    },
    changeOver: async () => {
      for (const { disk, source, targetPath, next } of moving) {
        await changeTo(parts, { disk, descriptorPath: targetPath, next });
        await leavePlace(parts, { backing: source });
      }
    },
    takeBack: async () => {
      for (const { disk, source, mirror, next } of moving) {
        mirror.abort();
        if (disk.backing === mirror) await stepInto(parts, disk, source);
        await leavePlace(parts, next);
      }
    },
  });
  return { ...pause, copiedBytes };
}

async function mirrorLayer(
  parts: ChangeParts,
  { disk, layer, moving }: { disk: ServedDisk; layer: LayerPlace; moving: Moving[] },
): Promise<number> {
  const { targetPath } = layer;
  await makeLayer(parts, layer);
  const next: Partial<DiskPlace> = {};
  const source = disk.backing;
  try {
    next.lock = await disk.lockOf(targetPath);
    next.backing = await disk.openPlace(targetPath);
  } catch (thrown) {
    await leavePlace(parts, next);
    throw thrown;
  }
  const copier = copierFor(source, layer);
  const mirror = new MirrorBacking({
    source,
    target: next.backing,
    targetIsZero: layer.parentPath === null,
    onBroken: (errno) => parts.log('warning', `${targetPath} cannot be written: errno ${errno}.`),
    ...(copier !== null && { copier }),
  });
  moving.push({ disk, source, mirror, targetPath, next });
  await stepInto(parts, disk, mirror);
  assert(disk.backing === mirror, 'a disk stands on its mirror while it moves');
  const onProgress = progressOf(parts, 'Copying disks');
  return mirror.copy({ signal: parts.signal, onProgress });
}
