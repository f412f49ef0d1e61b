// Whether a VM's disks are still those that its .vmx names, asked once their locks are held: while
// this world waited for a lock, another host may have taken a snapshot.
import { Fault } from '#lib/model/fault.ts';
import { type SmallFiles, systemFiles } from '../datastore/small-files.ts';
import { diskPathsOf } from '../datastore/vm-home.ts';
import type { WorldLaunch } from './launch.ts';

/** Throws `InvalidState`. Nothing is asked of a world that was not told where the .vmx is. */
export async function requireSameDisks(
  { vm, disks, homePath }: WorldLaunch,
  files: SmallFiles = systemFiles,
): Promise<void> {
  if (homePath === undefined) return;
  const named = await diskPathsOf(homePath, files);
  for (const { key, descriptorPath } of disks) {
    const unit = vm.disks.find((disk) => disk.key === key)?.unit ?? '';
    const path = named.get(unit);
    if (path !== undefined && (await isSame(path, descriptorPath, files))) continue;
    throw new Fault(
      'InvalidState',
      `Another host has changed the disks of ${vm.name} meanwhile: ${unit} is ` +
        `${path ?? 'not there'}. Power it on again.`,
    );
  }
}

async function isSame(a: string, b: string, files: SmallFiles): Promise<boolean> {
  return (await files.realPath(a)) === (await files.realPath(b));
}
