// Takes a VM that is off back to a snapshot: empty redo logs on the disks that it froze, and what
// was written since the last snapshot is deleted.
import type { z } from 'zod';
import { iofilters } from '#lib/formats/vmdk/descriptor.ts';
import { Fault } from '#lib/model/fault.ts';
import type { DiskFilter } from '#lib/model/filter.ts';
import { filterClassSchema } from '#lib/model/filter-class-schema.ts';
import type { VirtualDisk } from '#lib/model/inventory.ts';
import type { revertToSnapshot as call, Snapshot } from '#lib/wire/agent/disk-rpc.ts';
import { readDescriptor } from '../../../datastore/descriptor-file.ts';
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
    const { datastoreId, path } = redoLog;
    disks.push({ ...(await present(on, frozen, parentPath)), datastoreId, path });
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
async function present(
  on: OnVm,
  { key, capacityBytes, ...was }: Snapshot['disks'][number],
  frozenPath: string,
): Promise<VirtualDisk> {
  const now = on.vm.disks.find((disk) => disk.key === key);
  if (now) return { ...now, capacityBytes };
  const unit = unitOfKey(key);
  const { label = `Hard disk at ${unit}` } = was;
  const names = iofilters(await readDescriptor(frozenPath, on.host.files));
  const filters = names.map((name) => {
    const known = was.filters?.find((filter) => filter.name === name);
    return installed(on, { label, name, known });
  });
  return { key, label, unit, datastoreId: '', path: '', capacityBytes, filters };
}

/**
 * A filter as the disk had it, with the settings that the snapshot has kept, or else its defaults.
 * Refused when it is not there, because without it what it wrote would not be read as it was.
 */
function installed(
  { host }: OnVm,
  { label, name, known }: { label: string; name: string; known: DiskFilter | undefined },
): DiskFilter {
  for (const filterClass of filterClassSchema.options) {
    const { properties = {} } = known ?? {};
    const filter = { name, class: filterClass, properties };
    if (host.findFilter(filter) !== null) return filter;
  }
  const { hostName } = host.who();
  const message =
    `The snapshot would bring ${label} back, which had the I/O filter ${name}; ` +
    `that is not installed on ${hostName}.`;
  const reason = { fault: 'CannotOpenDisk' as const, message, remedy: `Install ${name} first.` };
  throw new Fault('CannotOpenDisk', message, { reasons: [reason], data: { filter: name } });
}
