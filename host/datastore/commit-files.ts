// The durable end of an operation on a VM's files. Replacing the .vmx, which carries the
// operation's mark, is the one moment at which it has happened; what follows can be done again
// after a crash, until it is whole.
import { dirname } from 'node:path';
import { z } from 'zod';
import { Fault } from '#lib/model/fault.ts';
import { errnoOf } from './errno.ts';
import { type SmallFiles, systemFiles } from './small-files.ts';
import { readMark } from './vm-home.ts';
import { replaceVmx } from './vmx/vmx-spare.ts';
import { writeFileDurably } from './write-file.ts';

const pathSchema = z.string().startsWith('/').max(4096);

const writeSchema = z.object({ path: pathSchema, text: z.string() });

export const commitSchema = z.object({
  /** What the .vmx says when the operation has happened, and only then. */
  mark: z.string().min(1).max(200),
  vmxPath: pathSchema,
  vmx: z.string(),
  /** New files that must be there before it happens; nobody looks at them until then. */
  preparations: z.array(writeSchema).optional(),
  /** Files that follow from it. */
  followUps: z.array(writeSchema),
});
export type Commit = z.infer<typeof commitSchema>;

/**
 * Throws when it has not happened. Afterwards it has, even if one of the files that follow could
 * not be written: `finishCommit` writes them again.
 */
export async function commitFiles(commit: Commit, files: SmallFiles = systemFiles): Promise<void> {
  for (const { path, text } of commit.preparations ?? []) {
    await prepare(path, text, files).catch((cause: unknown) => {
      throw writeFault(path, cause);
    });
  }
  try {
    // Of a move away the spare is used up: whatever stays has more to write, and needs room for it.
    const replace = commit.preparations === undefined ? writeFileDurably : replaceVmx;
    await replace(commit.vmxPath, commit.vmx, files);
  } catch (cause) {
    // The new name may stand although its directory could not be synced.
    if (!(await isCommitted(commit, files))) throw writeFault(commit.vmxPath, cause);
  }
}

/** Writes what follows from a commit that has happened. */
export async function finishCommit(
  { followUps }: Commit,
  files: SmallFiles = systemFiles,
): Promise<void> {
  for (const { path, text } of followUps) {
    await writeFileDurably(path, text, files).catch((cause: unknown) => {
      throw writeFault(path, cause);
    });
  }
}

async function prepare(path: string, text: string, files: SmallFiles): Promise<void> {
  await files.makeDirectory(dirname(path));
  await writeFileDurably(path, text, files);
}

async function isCommitted({ vmxPath, mark }: Commit, files: SmallFiles): Promise<boolean> {
  return (await readMark(vmxPath, files)) === mark;
}

function writeFault(path: string, cause: unknown): Fault {
  // Of a lock that was lost meanwhile.
  if (cause instanceof Fault) return cause;
  const errno = errnoOf(cause);
  const fault = errno === 'ENOSPC' ? 'NoDiskSpace' : 'FileFault';
  return new Fault(fault, `The file ${path} cannot be written: ${errno ?? String(cause)}.`, {
    cause,
  });
}
