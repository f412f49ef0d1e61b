// Puts a real ext4 file system with files into a new disk, by mkfs.ext4 where the host has it.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Fault } from '#lib/model/fault.ts';
import { resolveInside } from './datastore-path.ts';
import { errnoOf } from './errno.ts';
import { runTool } from './run-tool.ts';

export interface Ext4Request {
  /** The flat extent: a file of the disk's size. */
  path: string;
  label: string;
  files: { path: string; text: string }[];
  /** A directory where the files may stand meanwhile. */
  scratch: string;
}

/**
 * Returns a warning when the tool is missing; the disk then stays empty. Throws `FileFault` when
 * it fails.
 */
export async function fillExt4({ path, label, files, scratch }: Ext4Request): Promise<string[]> {
  const source = join(scratch, '.contents');
  await mkdir(source);
  try {
    for (const file of files) {
      const target = await resolveInside(source, file.path);
      await mkdir(dirname(target), { recursive: true });
      await writeFile(target, file.text);
    }
    const options = ['-q', '-F', '-L', label, '-E', 'root_owner=0:0,nodiscard', '-d', source];
    const { code, errorText } = await runTool('mkfs.ext4', [...options, path]);
    if (code === 0) return [];
    throw new Fault('FileFault', `mkfs.ext4 could not make the file system: ${errorText}`);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
    return ['mkfs.ext4 is not installed on this host: the disk was left without a file system.'];
  } finally {
    await rm(source, { recursive: true, force: true });
  }
}
