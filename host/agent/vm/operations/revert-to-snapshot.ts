// Takes a VM that is off back to a snapshot: empty redo logs on the disks that it froze, and what
// was written since the last snapshot is deleted.
import type { z } from 'zod';
import { Fault } from '#lib/model/fault.ts';
import type { VirtualDisk } from '#lib/model/inventory.ts';
import type { revertToSnapshot as call, Snapshot } from '#lib/wire/agent/disk-rpc.ts';
import { unitOfKey } from '../../../datastore/vm-home.ts';
import { nextRedoLog } from './disk-names.ts';
import { readDiskTree } from './disk-tree.ts';
import { layoutWith, type OnVm } from './on-vm.ts';
import { intentOf, operate } from './operate.ts';

type Input = z.output<typeof call.input>;

export async function revertToSnapshot(on: OnVm, { snapshotId }: Input) {
  const { home, host, vm } = on;
  if (on.isOn) {
    const message = `${vm.name} is on; power it off before you revert it to a snapshot.`;
    throw new Fault('InvalidPowerState', message);
  }
  const snapshot = home.layout.snapshots.find(({ id }) => id === snapshotId);
  if (!snapshot) throw new Fault('NotFound', `${vm.name} has no snapshot ${snapshotId}.`);
  const plan: { key: number; parentPath: string; descriptorPath: string }[] = [];
  const disks: VirtualDisk[] = [];
  for (const frozen of snapshot.disks) {
    const parentPath = await host.datastores.resolve(frozen.datastoreId, frozen.path);
    const redoLog = await nextRedoLog(host.datastores, frozen, host.files);
    plan.push({ key: frozen.key, parentPath, descriptorPath: redoLog.full });
    disks.push({ ...present(on, frozen), datastoreId: redoLog.datastoreId, path: redoLog.path });
  }
  const removed = home.layout.disks
    .map(({ key }) => key)
    .filter((key) => !snapshot.disks.some((disk) => disk.key === key));
  const layout = layoutWith(on, { disks, currentSnapshotId: snapshotId });
  const before = await readDiskTree(home.layout, host.datastores, host.files);
  const obsolete = [...before.running]
    .filter(([key, path]) => !removed.includes(key) && !before.frozen.has(path))
    .map(([, path]) => path)
    .filter((path) => !plan.some(({ parentPath }) => parentPath === path));
  const created = plan.map(({ descriptorPath }) => descriptorPath);
  const answer = { layout };
  const intent = await intentOf(on, { layout, created, obsolete, answer });
  await operate(on, { kind: 'revert', disks: plan, removed }, intent);
  return answer;
}

/** The disk as the VM has it, or had it: one that was removed since comes back. */
function present(on: OnVm, { key, capacityBytes }: Snapshot['disks'][number]): VirtualDisk {
  const now = on.vm.disks.find((disk) => disk.key === key);
  if (now) return { ...now, capacityBytes };
  const unit = unitOfKey(key);
  const label = `Hard disk at ${unit}`;
  return { key, label, unit, datastoreId: '', path: '', capacityBytes, filters: [] };
}
