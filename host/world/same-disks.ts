// Whether a VM's disks are still those that its .vmx names, asked once their locks are held: while
// this world waited for a lock, another host may have taken a snapshot.
import { realpath } from 'node:fs/promises';
import { Fault } from '#lib/model/fault.ts';
import { diskPathsOf } from '../datastore/vm-home.ts';
import type { WorldLaunch } from './launch.ts';

/** Throws `InvalidState`. Nothing is asked of a world that was not told where the .vmx is. */
export async function requireSameDisks({ vm, disks, homePath }: WorldLaunch): Promise<void> {
  if (homePath === undefined) return;
  const named = await diskPathsOf(homePath);
  for (const { key, descriptorPath } of disks) {
    const unit = vm.disks.find((disk) => disk.key === key)?.unit ?? '';
    const path = named.get(unit);
    if (path !== undefined && (await realpath(path)) === (await realpath(descriptorPath))) continue;
    throw new Fault(
      'InvalidState',
      `Another host has changed the disks of ${vm.name} meanwhile: ${unit} is ` +
        `${path ?? 'not there'}. Power it on again.`,
    );
  }
}
