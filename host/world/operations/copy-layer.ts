// Copies one layer of a disk to another place, with what its filters keep beside it: what holds all
// of the disk as a new flat one, a redo log as a redo log over the copy of its parent.
import { dirname } from 'node:path';
import { capacitySectors, iofilters, withIofilters } from '#lib/formats/vmdk/descriptor.ts';
import { SECTOR_BYTES } from '#lib/model/limits.ts';
import type { Provisioning } from '#lib/wire/agent/disk-rpc.ts';
import { readDescriptor, writeDescriptor } from '../../datastore/descriptor-file.ts';
import type { Backing } from '../../disk/backing.ts';
import { copyBacking } from '../../disk/copy-backing.ts';
import type { RangeCopier } from '../../disk/copy-range.ts';
import { createFlatDisk } from '../../disk/create-disk.ts';
import { copyOwnGrains } from '../../disk/merge-redo-log.ts';
import { openBacking } from '../../disk/open-backing.ts';
import { RedoLog } from '../../disk/redo-log.ts';
import { createRedoLog } from '../../disk/snapshot-files.ts';
import type { ChangeParts } from './change-parts.ts';
import { copySidecars, progressOf } from './disk-access.ts';

export interface LayerPlace {
  sourcePath: string;
  targetPath: string;
  /** What the copy builds on; null for one that holds all of the disk. */
  parentPath: string | null;
  provisioning: Provisioning;
}

/** Makes the place of the copy, empty, with the filters of the original but not their sidecars. */
export async function makeLayer(parts: ChangeParts, layer: LayerPlace): Promise<void> {
  const { files, random, signal } = parts;
  const { sourcePath, targetPath, parentPath, provisioning } = layer;
  const source = await readDescriptor(sourcePath, files);
  await files.makeDirectory(dirname(targetPath));
  if (parentPath === null) {
    const ddb = new Map(source.ddb);
    ddb.delete('sidecars');
    const capacityBytes = capacitySectors(source) * SECTOR_BYTES;
    const onProgress = progressOf(parts, 'Taking space');
    const disk = { descriptorPath: targetPath, capacityBytes, provisioning, ddb };
    await createFlatDisk({ ...disk, files, random, signal, onProgress });
    return;
  }
  const paths = { parentDescriptorPath: parentPath, childDescriptorPath: targetPath };
  const child = await createRedoLog({ ...paths, files, random });
  if (iofilters(child).join() === iofilters(source).join()) return;
  await writeDescriptor(targetPath, withIofilters(child, iofilters(source)), files);
}

/** Copies a layer that nobody writes to; returns the bytes written. */
export async function copyLayer(parts: ChangeParts, layer: LayerPlace): Promise<number> {
  const { clock, files, signal } = parts;
  await makeLayer(parts, layer);
  const { sourcePath, targetPath } = layer;
  const common = { clock, files };
  const source = await openBacking({ ...common, descriptorPath: sourcePath, readOnly: true });
  let target: Backing | null = null;
  try {
    // Who has taken the VM over may be copying to the same place.
    const mayWrite = () => parts.disks.list.every((disk) => disk.isServing());
    target = await openBacking({ ...common, descriptorPath: targetPath, mayWrite });
    const onProgress = progressOf(parts, 'Copying disks');
    const copier = copierFor(source, layer);
    const targetIsZero = layer.parentPath === null;
    const request = { source, target, targetIsZero, signal, onProgress };
    const bytes = await copyBacking(copier === null ? request : { ...request, copier });
    await copySidecars(sourcePath, targetPath, files);
    return bytes;
  } finally {
    await target?.close();
    await source.close();
  }
}

/** Of a redo log only what it has itself, when its copy builds on a copy of its parent. */
export function copierFor(source: Backing, { parentPath }: LayerPlace): RangeCopier | null {
  return parentPath !== null && source instanceof RedoLog ? copyOwnGrains(source) : null;
}
