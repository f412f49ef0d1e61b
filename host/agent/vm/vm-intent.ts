// What a host is about to change of a VM's files, written down before the first of them is touched,
// so that after a crash it is finished or undone. The .vmx says which: it carries the mark of the
// last operation that has happened.
import { dirname } from 'node:path';
import { z } from 'zod';
import { vmRunSpecSchema } from '#lib/wire/agent/host-rpc.ts';
import { commitSchema, finishCommit } from '../../datastore/commit-files.ts';
import { deleteDisk } from '../../datastore/delete-disk.ts';
import { readDescriptor } from '../../datastore/descriptor-file.ts';
import { errnoOf } from '../../datastore/errno.ts';
import { readMark } from '../../datastore/vm-home.ts';
import type { DiskFiles } from '../../disk/extent-file.ts';
import { dropLayer } from '../../disk/merge-redo-log.ts';
import type { ObjectStore } from '../../disk/object-store.ts';
import { hintFor } from '../../disk/snapshot-files.ts';
import { systemDiskFiles } from '../../disk/system-disk-files.ts';

const pathSchema = z.string().startsWith('/').max(4096);

export const intentSchema = z.object({
  /** The controller's. */
  operationKey: z.string(),
  /** Mark of the operation, and the one that stood in the .vmx before; null when there was none. */
  mark: z.string(),
  markBefore: z.string().nullable(),
  commit: commitSchema,
  /** Disks that build on another one when it has happened. */
  reparented: z
    .array(z.object({ childDescriptorPath: pathSchema, parentDescriptorPath: pathSchema }))
    .default([]),
  /** Disks that it makes: deleted when it has not happened. */
  created: z.array(pathSchema),
  /** Other files that it makes. */
  createdFiles: z.array(pathSchema).optional(),
  /** Directories that it makes: removed, when it has not happened, if they are empty. */
  createdFolders: z.array(pathSchema),
  /** Disks that nobody needs any more: deleted when it has happened. */
  obsolete: z.array(pathSchema),
  /** Other files that nobody needs any more then. */
  obsoleteFiles: z.array(pathSchema),
  /** The VM when it has happened. */
  spec: vmRunSpecSchema,
  /** What the controller is told then; null when more steps follow. */
  answer: z.json(),
});
export type Intent = z.infer<typeof intentSchema>;

/**
 * `done`: it had happened and is whole now. `undone`: it had not, and nothing is left of it.
 * `overtaken`: something else was done to the VM since, perhaps by another host; the files are
 * left alone.
 */
export type Settlement = 'done' | 'undone' | 'overtaken';

/** Nothing may be at work on the VM's files. */
export async function settleIntent(
  intent: Intent,
  objects: ObjectStore,
  files: DiskFiles = systemDiskFiles,
): Promise<Settlement> {
  const { vmxPath, followUps } = intent.commit;
  const { createdFiles = [] } = intent;
  const mark = await markOf(intent, files);
  if (mark === intent.mark) {
    await finishCommit(intent.commit, files);
    for (const pair of intent.reparented) await reparent(pair, files);
    for (const path of intent.obsolete) await deleteDisk(path, objects, files);
    for (const path of intent.obsoleteFiles) await removeFile(path, files);
    const left = [...intent.obsolete, ...intent.obsoleteFiles].map((path) => dirname(path));
    const used = new Set(followUps.map(({ path }) => dirname(path)));
    for (const folder of new Set(left)) if (!used.has(folder)) await removeIfEmpty(folder, files);
    return 'done';
  }
  if (mark !== intent.markBefore) return 'overtaken';
  // What a process that was killed had begun to write.
  const written = [vmxPath, ...followUps.map((each) => each.path), ...createdFiles];
  for (const path of written) await removeFile(`${path}.new`, files);
  for (const path of createdFiles) await removeFile(path, files);
  for (const path of intent.created) await deleteDisk(path, objects, files);
  for (const path of intent.createdFolders) await removeIfEmpty(path, files);
  return 'undone';
}

/** Of a home that has moved the .vmx where it was may be gone already, and the new one counts. */
async function markOf({ commit, mark }: Intent, files: DiskFiles): Promise<string | null> {
  const { vmxPath, preparations = [] } = commit;
  const found = await readMark(vmxPath, files);
  if (found !== null) return found;
  for (const { path } of preparations.filter((each) => each.path.endsWith('.vmx'))) {
    if ((await readMark(path, files)) === mark) return mark;
  }
  return null;
}

async function removeFile(path: string, files: DiskFiles): Promise<void> {
  await files.remove(path).catch((error: unknown) => {
    if (errnoOf(error) !== 'ENOENT') throw error;
  });
}

async function removeIfEmpty(path: string, files: DiskFiles): Promise<void> {
  await files.removeDirectory(path).catch((error: unknown) => {
    // Gone already, or somebody else keeps files there.
    const errno = errnoOf(error) ?? '';
    if (!['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes(errno)) throw error;
  });
}

/** Leaves a descriptor alone that says so already: the world may be changing something in it. */
async function reparent(pair: Intent['reparented'][number], files: DiskFiles): Promise<void> {
  const { childDescriptorPath, parentDescriptorPath } = pair;
  const child = await readDescriptor(childDescriptorPath, files);
  if (child.parentFileNameHint === hintFor(parentDescriptorPath, childDescriptorPath)) return;
  await dropLayer({ ...pair, files });
}
