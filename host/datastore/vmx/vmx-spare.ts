// The spare of a .vmx: a file beside it (`vm.vmx~`) whose space is taken already. With it the
// configuration can be replaced in one step also when its datastore is full, which is just when a
// VM has to move away from there.
import { dirname } from 'node:path';
import { VMX_BYTES_MAX } from '#lib/formats/vmx/vmx.ts';
import { errnoOf } from '../errno.ts';
import { type SmallFiles, systemFiles } from '../small-files.ts';
import { writeFileDurably } from '../write-file.ts';

const BLOCK_BYTES = 4096;

export function sparePathOf(vmxPath: string): string {
  return `${vmxPath}~`;
}

/** What a spare holds: nothing but room for a configuration like this one, and for more lines. */
export function spareFor(vmx: string): string {
  const blocks = Math.ceil(Buffer.byteLength(vmx) / BLOCK_BYTES) + 1;
  return '\n'.repeat(Math.min(blocks * BLOCK_BYTES, VMX_BYTES_MAX));
}

/** Sees to it that there is a spare. Whether it could be made is not told: it is only a reserve. */
export async function keepSpare(vmxPath: string, files: SmallFiles = systemFiles): Promise<void> {
  try {
    const vmx = Buffer.from(await files.read(vmxPath, VMX_BYTES_MAX)).toString();
    const wanted = spareFor(vmx);
    const spare = sparePathOf(vmxPath);
    const size = await sizeOf(spare, files);
    if (size >= wanted.length) return;
    if (size > 0) await files.overwrite(spare, wanted, { durable: true });
    else await makeSpare(spare, wanted, files);
  } catch {
    // The datastore is full or away: as if there had never been a spare.
  }
}

/**
 * Under its own name at once: half of a spare harms nobody and is written again, while a file of
 * another name, left by a process that was killed, would stay beside the VM for ever.
 */
async function makeSpare(spare: string, wanted: string, files: SmallFiles): Promise<void> {
  try {
    await files.write(spare, wanted, { durable: true });
  } catch (error) {
    // A full datastore has better uses for the room; the first error is the one to tell.
    await files.remove(spare).catch(() => undefined);
    throw error;
  }
  await files.syncDirectory(dirname(spare));
}

/** Replaces the .vmx in one durable step, from the spare if there is no room for a new file. */
export async function replaceVmx(vmxPath: string, vmx: string, files: SmallFiles): Promise<void> {
  try {
    await writeFileDurably(vmxPath, vmx, files);
  } catch (error) {
    if (errnoOf(error) !== 'ENOSPC') throw error;
    const spare = sparePathOf(vmxPath);
    const room = (await sizeOf(spare, files)) - Buffer.byteLength(vmx);
    if (room < 0) throw error;
    await files.overwrite(spare, `${vmx}${'\n'.repeat(room)}`, { durable: true });
    await files.rename(spare, vmxPath);
    await files.syncDirectory(dirname(vmxPath));
  }
}

/** Zero when there is none. */
async function sizeOf(path: string, files: SmallFiles): Promise<number> {
  const bytes = await files.read(path, VMX_BYTES_MAX).catch((error: unknown) => {
    if (errnoOf(error) !== 'ENOENT') throw error;
    return new Uint8Array(0);
  });
  return bytes.length;
}
