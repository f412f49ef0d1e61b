// Which virtual machines build on a disk of another one. The descriptors on the datastores say it,
// whichever host has made the clone and whoever knows of it.
import { basename, dirname, join } from 'node:path';
import { Fault } from '#lib/model/fault.ts';
import type { SmallFiles } from '../../../datastore/small-files.ts';
import type { OperatingHost } from '../operated-vm.ts';
import { parentOf } from './disk-tree.ts';

/** Files with the ending of a descriptor that hold data. */
const EXTENT = /-(?:flat|delta|sesparse|rdmp?|[sf]\d{3})\.vmdk$/;
/** So many folders are looked into at a time. */
const AT_ONCE = 16;

/**
 * Throws `ResourceInUse` naming a virtual machine that builds on one of these descriptors (absolute
 * paths), other than those that lie in the same folder: `what` completes “…, so ”.
 */
export async function requireNoLinkedClones(
  { datastores, files }: Pick<OperatingHost, 'datastores' | 'files'>,
  paths: readonly string[],
  what: string,
): Promise<void> {
  if (paths.length === 0) return;
  const wanted = new Set(paths);
  const own = new Set(paths.map((path) => dirname(path)));
  for (const root of (await datastores.roots?.()) ?? []) {
    const folders = (await files.list(root)).map((name) => join(root, name));
    const others = folders.filter((folder) => !own.has(folder));
    for (let at = 0; at < others.length; at += AT_ONCE) {
      const some = others.slice(at, at + AT_ONCE);
      const found = await Promise.all(some.map((folder) => cloneIn(folder, wanted, files)));
      const clone = found.find((each) => each !== null);
      if (!clone) continue;
      const { name, parent } = clone;
      const message = `${name} is a linked clone that builds on ${basename(parent)}, so ${what}.`;
      const reasons = [
        { fault: 'ResourceInUse' as const, message, remedy: `Delete ${name} first.` },
      ];
      throw new Fault('ResourceInUse', message, { reasons, data: { linkedClone: name } });
    }
  }
}

/** The VM of a folder, and what it builds on of the wanted. */
async function cloneIn(
  folder: string,
  wanted: ReadonlySet<string>,
  files: SmallFiles,
): Promise<{ name: string; parent: string } | null> {
  // What is no folder has no files; one that has just gone has none any more.
  const names = await files.list(folder).catch(() => []);
  for (const name of names) {
    if (!name.endsWith('.vmdk') || EXTENT.test(name)) continue;
    // What is no descriptor builds on nothing.
    const parent = await parentOf(join(folder, name), files).catch(() => null);
    if (parent === null || !wanted.has(parent)) continue;
    const vmx = names.find((each) => each.endsWith('.vmx'));
    return { name: vmx ? basename(vmx, '.vmx') : basename(folder), parent };
  }
  return null;
}
