// Gives a VM a disk more, new or existing, also while it is on.
import { dirname } from 'node:path';
import type { z } from 'zod';
import { capacitySectors, iofilters, withIofilters } from '#lib/formats/vmdk/descriptor.ts';
import { Fault } from '#lib/model/fault.ts';
import { DISKS_PER_VM_MAX, SECTOR_BYTES } from '#lib/model/limits.ts';
import type { attachDisk as call } from '#lib/wire/agent/disk-rpc.ts';
import { readDescriptor, writeDescriptor } from '../../../datastore/descriptor-file.ts';
import { createFlatDisk } from '../../../disk/create-disk.ts';
import { launchFilters, requireFilters } from '../world-launch.ts';
import { isFree } from './disk-names.ts';
import { layoutWith, type OnVm } from './on-vm.ts';
import { intentOf, operate } from './operate.ts';

type Input = z.output<typeof call.input>;

export async function attachDisk(on: OnVm, input: Input) {
  const { host, vm, home } = on;
  const { disk, create } = input;
  requireRoom(on, disk);
  requireFilters(host, disk.filters, 'CannotOpenDisk');
  const full = await host.datastores.resolve(disk.datastoreId, disk.path);
  const isNew = create !== null;
  const base = full.replace(/\.vmdk$/, '');
  const paths = [full, `${base}-flat.vmdk`, `${base}-rdm.vmdk`];
  if (isNew && !(await isFree(paths, host.files))) {
    throw new Fault('AlreadyExists', `The file ${disk.path} exists.`);
  }
  const capacityBytes = await capacityFor(on, input, full);
  const layout = layoutWith(on, { disks: [...home.layout.disks, { ...disk, capacityBytes }] });
  const answer = { layout };
  const intent = await intentOf(on, { layout, created: isNew ? [full] : [], answer });
  await on.runner.update({ intent });
  if (create !== null) await makeDisk(on, input, full).catch((thrown) => giveUp(on, thrown));
  const filters = launchFilters(host, disk.filters);
  const launch = { key: disk.key, unit: disk.unit, id: disk.path, descriptorPath: full, filters };
  const others = { ...on, vm: { ...vm, disks: home.layout.disks } };
  await operate(others, { kind: 'attach', disk: launch }, intent);
  return answer;
}

function requireRoom({ home, vm }: OnVm, { key, unit }: Input['disk']): void {
  const { disks } = home.layout;
  if (disks.length >= DISKS_PER_VM_MAX) {
    throw new Fault('InvalidState', `${vm.name} has ${disks.length} disks; more are not possible.`);
  }
  if (unit.endsWith(':7')) {
    throw new Fault('InvalidArgument', `${unit} is the controller's own.`);
  }
  const taken = disks.find((disk) => disk.unit === unit || disk.key === key);
  if (taken)
    throw new Fault('InvalidArgument', `${unit} of ${vm.name} is taken by ${taken.label}.`);
}

/** A new disk has the size that was asked for, a mapping that of its device. */
async function capacityFor({ host }: OnVm, { disk, create }: Input, full: string): Promise<number> {
  if (create === null) return capacityOf(full, disk, host.files);
  return 'device' in create ? host.objects.deviceBytes(create.device) : disk.capacityBytes;
}

/** Throws `CannotOpenDisk` when the disk has filters that it is not to have here. */
async function capacityOf(
  full: string,
  { path, filters }: Input['disk'],
  files: OnVm['host']['files'],
): Promise<number> {
  const descriptor = await readDescriptor(full, files);
  const missing = iofilters(descriptor).filter((name) => !filters.some((f) => f.name === name));
  if (missing.length === 0) return capacitySectors(descriptor) * SECTOR_BYTES;
  const names = missing.join(', ');
  const message = `The virtual disk ${path} has the I/O filter ${names}; attach it with that.`;
  throw new Fault('CannotOpenDisk', message, { data: { filters: missing } });
}

async function makeDisk({ host, job }: OnVm, { disk, create }: Input, full: string): Promise<void> {
  if (create === null) return;
  await host.files.makeDirectory(dirname(full));
  const names = disk.filters.map(({ name }) => name);
  if ('device' in create) {
    const descriptor = await host.objects.mapDevice(full, create.device);
    await writeDescriptor(full, withIofilters(descriptor, names), host.files);
    return;
  }
  const descriptor = await createFlatDisk({
    descriptorPath: full,
    capacityBytes: disk.capacityBytes,
    provisioning: create.provisioning,
    files: host.files,
    random: host.random,
    signal: job.signal,
    onProgress: (doneBytes, totalBytes) =>
      job.report('Taking space', (100 * doneBytes) / totalBytes, { doneBytes, totalBytes }),
  });
  await writeDescriptor(full, withIofilters(descriptor, names), host.files);
}

async function giveUp({ runner }: OnVm, thrown: unknown): Promise<never> {
  await runner.settle();
  throw thrown;
}
