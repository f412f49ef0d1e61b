// Takes a disk from a VM, also while it is on. Its files stay unless they are to be deleted.
import { dirname } from 'node:path';
import type { z } from 'zod';
import { Fault } from '#lib/model/fault.ts';
import type { detachDisk as call } from '#lib/wire/agent/disk-rpc.ts';
import { chainOf } from './disk-tree.ts';
import { requireNoLinkedClones } from './linked-clones.ts';
import { layoutWith, type OnVm } from './on-vm.ts';
import { intentOf, operate } from './operate.ts';

type Input = z.output<typeof call.input>;

export async function detachDisk(on: OnVm, { diskKey, deleteFiles }: Input) {
  const { home, host, vm } = on;
  const disk = home.layout.disks.find(({ key }) => key === diskKey);
  if (!disk) throw new Fault('NotFound', `${vm.name} has no disk with the key ${diskKey}.`);
  const frozen = home.layout.snapshots.some(({ disks }) =>
    disks.some(({ key }) => key === diskKey),
  );
  if (frozen && deleteFiles) {
    const why = `Snapshots of ${vm.name} need the files of ${disk.label}`;
    const message = `${why}; the disk can be detached, but its files cannot be deleted.`;
    throw new Fault('InvalidState', message);
  }
  const full = await host.datastores.resolve(disk.datastoreId, disk.path);
  const chain = deleteFiles ? await chainOf(full, host.files) : [];
  // What a linked clone builds on belongs to another VM.
  const obsolete = chain.filter((path) => dirname(path) === dirname(full));
  await requireNoLinkedClones(host, obsolete, `the files of ${disk.label} cannot be deleted`);
  const disks = home.layout.disks.filter(({ key }) => key !== diskKey);
  const layout = layoutWith(on, { disks });
  const answer = { layout };
  const intent = await intentOf(on, { layout, obsolete, answer });
  await operate(on, { kind: 'detach', key: diskKey }, intent);
  return answer;
}
