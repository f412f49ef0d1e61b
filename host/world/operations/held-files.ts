// The small files of a VM's home as a process changes them that must hold its locks: asked before
// each call. A commit takes many, and another host may take the VM over between any two of them.
import type { SmallFiles } from '../../datastore/small-files.ts';

/** `requireHeld` throws when a lock is lost; the call is not made then. */
export function heldFiles(files: SmallFiles, requireHeld: () => void): SmallFiles {
  const held = async <T>(change: () => Promise<T>): Promise<T> => {
    requireHeld();
    return change();
  };
  return {
    list: (directory) => files.list(directory),
    read: (path, bytesMax) => files.read(path, bytesMax),
    realPath: (path) => files.realPath(path),
    write: (path, data, options) => held(() => files.write(path, data, options)),
    overwrite: (path, data, options) => held(() => files.overwrite(path, data, options)),
    link: (path, newPath) => held(() => files.link(path, newPath)),
    rename: (path, newPath) => held(() => files.rename(path, newPath)),
    remove: (path) => held(() => files.remove(path)),
    makeDirectory: (path) => held(() => files.makeDirectory(path)),
    removeDirectory: (path) => held(() => files.removeDirectory(path)),
    syncDirectory: (path) => held(() => files.syncDirectory(path)),
  };
}
