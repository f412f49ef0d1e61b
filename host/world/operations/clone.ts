// Copies disks of a VM for another: whole copies of what they hold, or, for a linked clone, empty
// redo logs on frozen ones. The copies are made below the filters, so that what these wrote stays
// theirs.
import { dirname } from 'node:path';
import type { ChangeParts } from './change-parts.ts';
import { copyLayer } from './copy-layer.ts';
import { copySidecars, makeRedoLog } from './disk-access.ts';
import type { OperationOf, OperationResult } from './operation.ts';
import { makeChange } from './standstill.ts';

type Clone = OperationOf<'clone'>;

export async function cloneDisks(
  parts: ChangeParts,
  { disks, linked }: Clone,
): Promise<OperationResult> {
  const present = new Set(parts.disks.list.map(({ descriptorPath }) => descriptorPath));
  // What the VM could write to must stand still; what a snapshot has frozen does anyway.
  const live = disks.filter(({ sourcePath }) => present.has(sourcePath));
  const frozen = disks.filter(({ sourcePath }) => !present.has(sourcePath));
  let copiedBytes = 0;
  const copy = async (places: Clone['disks']): Promise<void> => {
    for (const place of places) copiedBytes += await copyOne(parts, place, linked);
  };
  const pause = await makeChange(parts, {
    kind: 'clone',
    disks: parts.disks.list,
    prepare: () => copy(frozen),
    atStandstill: () => copy(live),
  });
  return { ...pause, copiedBytes };
}

async function copyOne(
  parts: ChangeParts,
  { sourcePath, targetPath, provisioning }: Clone['disks'][number],
  linked: boolean,
): Promise<number> {
  if (!linked) return copyLayer(parts, { sourcePath, targetPath, provisioning, parentPath: null });
  await parts.files.makeDirectory(dirname(targetPath));
  await makeRedoLog(parts, sourcePath, targetPath);
  await copySidecars(sourcePath, targetPath, parts.files);
  return 0;
}
