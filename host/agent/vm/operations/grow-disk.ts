// Makes a disk larger, also while it is in use.
import type { z } from 'zod';
import { Fault } from '#lib/model/fault.ts';
import { DISK_BYTES_MAX, SECTOR_BYTES } from '#lib/model/limits.ts';
import type { growDisk as call } from '#lib/wire/agent/disk-rpc.ts';
import { parentOf } from './disk-tree.ts';
import { again, type OnVm } from './on-vm.ts';
import { operate } from './operate.ts';

type Input = z.output<typeof call.input>;

/** Idempotent: a disk that has the size already is left as it is. */
export async function growDisk(on: OnVm, { diskKey, capacityBytes }: Input) {
  const { home, host, vm } = on;
  const disk = home.layout.disks.find(({ key }) => key === diskKey);
  if (!disk) throw new Fault('NotFound', `${vm.name} has no disk with the key ${diskKey}.`);
  if (capacityBytes === disk.capacityBytes) return { layout: home.layout };
  if (capacityBytes < disk.capacityBytes) {
    throw new Fault('InvalidArgument', `${disk.label} can only become larger.`);
  }
  if (capacityBytes > DISK_BYTES_MAX || capacityBytes % SECTOR_BYTES !== 0) {
    const rule = 'whole sectors, 62 TiB at most';
    const message = `${disk.label} cannot be of ${capacityBytes} bytes: ${rule}.`;
    throw new Fault('InvalidArgument', message);
  }
  const full = await host.datastores.resolve(disk.datastoreId, disk.path);
  if (home.layout.snapshots.length > 0 || (await parentOf(full, host.files)) !== null) {
    const message = `${disk.label} cannot grow while ${vm.name} has snapshots.`;
    throw new Fault('InvalidState', message);
  }
  await operate(on, { kind: 'grow', key: diskKey, capacityBytes }, null);
  const { layout } = (await again(on)).home;
  await on.runner.update({ spec: { ...on.runner.record.spec, disks: layout.disks } });
  return { layout };
}
