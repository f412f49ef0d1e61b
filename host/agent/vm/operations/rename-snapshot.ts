// Gives a snapshot another name and description: one step of the .vmsd file alone.
import { dirname } from 'node:path';
import type { z } from 'zod';
import { Fault } from '#lib/model/fault.ts';
import type { renameSnapshot as call } from '#lib/wire/agent/disk-rpc.ts';
import { spellingFor, vmsdOfLayout } from '../../../datastore/vm-home.ts';
import { writeFileDurably } from '../../../datastore/write-file.ts';
import { layoutWith, type OnVm } from './on-vm.ts';

type Input = z.output<typeof call.input>;

/** Idempotent. */
export async function renameSnapshot(on: OnVm, { snapshotId, name, description }: Input) {
  const { home, host, vm } = on;
  if (!home.layout.snapshots.some(({ id }) => id === snapshotId)) {
    throw new Fault('NotFound', `${vm.name} has no snapshot ${snapshotId}.`);
  }
  const snapshots = home.layout.snapshots.map((each) =>
    each.id === snapshotId ? { ...each, name, description } : each,
  );
  const layout = layoutWith(on, { snapshots });
  const spell = spellingFor(dirname(home.vmxPath), host.datastores);
  await writeFileDurably(home.vmsdPath, await vmsdOfLayout(layout, home.lastUid, spell));
  return { layout };
}
