// The filters of a disk of a VM that is off. What leaves, and what keeps something with the disk,
// must hear of it: so a process opens the disk for that moment, as for every operation on disks.
// Only where nobody has anything to say is the descriptor changed here.
import { iofilters, withIofilters } from '#lib/formats/vmdk/descriptor.ts';
import { Fault, toFaultRecord } from '#lib/model/fault.ts';
import type { DiskFilter } from '#lib/model/filter.ts';
import type { VmRunSpec } from '#lib/wire/agent/host-rpc.ts';
import { readDescriptor, writeDescriptor } from '../../datastore/descriptor-file.ts';
import { acquireDiskLock } from '../../datastore/disk-lock.ts';
import { dropSidecars, sidecarPaths } from '../../datastore/sidecar-file.ts';
import type { HostContext } from '../host-context.ts';
import type { VmRunner } from './vm-runner.ts';
import { launchFilters, settlePendingFilters, specAtHome } from './world-launch.ts';

export interface FilterChange {
  vm: VmRunSpec;
  diskKey: number;
  /** All that the disk is to have, in call order. */
  filters: DiskFilter[];
}

/**
 * The runner must be held. Throws `InvalidPowerState` for a suspended VM and when encryption would
 * leave, and `FilterFault` when a filter refuses, or cannot be asked and keeps something with the
 * disk; then everything is as before.
 */
export async function changeOffline(
  host: HostContext,
  runner: VmRunner,
  { vm: asked, diskKey, filters }: FilterChange,
): Promise<void> {
  await runner.settle();
  await runner.update(await settlePendingFilters(host, runner.record));
  const vm = await specAtHome(host, asked);
  const disk = vm.disks.find(({ key }) => key === diskKey);
  if (!disk) throw new Fault('InvalidArgument', `${vm.name} has no disk with the key ${diskKey}.`);
  const path = await host.datastores.resolve(disk.datastoreId, disk.path);
  const descriptor = await readDescriptor(path, host.files);
  const wanted = new Set(filters.map(({ name }) => name));
  const leaving = iofilters(descriptor).filter((name) => !wanted.has(name));
  requireInUse(vm, disk.filters, leaving);
  const mustHear = leaving.length > 0 || sidecarPaths(path, descriptor).length > 0;
  if (mustHear && runner.record.desired === 'suspended') {
    const message = `${vm.name} is suspended; power it on or off first.`;
    throw new Fault('InvalidPowerState', message);
  }
  if (!mustHear) return writeNames(host, { vmId: vm.vmId, path, filters });
  // Its filters are those that the descriptor names, whatever was heard of a change before. The
  // VM's other disks are not opened: what is wrong with them must not keep this one.
  const named = disk.filters.filter(({ name }) => iofilters(descriptor).includes(name));
  const spec = { ...vm, disks: [{ ...disk, filters: named }] };
  let begun = false;
  try {
    await runner.world.withService(spec, async () => {
      begun = true;
      await runner.client.setDiskFilters(diskKey, launchFilters(host, filters));
    });
  } catch (thrown) {
    if (begun) throw thrown;
    // It has left no data here, so that nothing is lost with it: the way out when it does not open.
    const kept = dropSidecars(path, descriptor, leaving).paths.length > 0;
    if (kept || leaving.length === 0) throw cannotAsk(leaving, thrown);
    await writeNames(host, { vmId: vm.vmId, path, filters });
  }
}

/** A disk is decrypted while it is in use: its filter cannot simply leave. */
function requireInUse(vm: VmRunSpec, filters: readonly DiskFilter[], leaving: string[]): void {
  const encrypts = filters.some((each) => {
    return each.class === 'encryption' && leaving.includes(each.name);
  });
  if (!encrypts) return;
  const message = `${vm.name} must be powered on: its disk is decrypted while it is in use.`;
  throw new Fault('InvalidPowerState', message);
}

function cannotAsk(leaving: readonly string[], cause: unknown): Fault {
  const { fault, message: why, reasons } = toFaultRecord(cause);
  if (leaving.length === 0) return new Fault(fault, why, { reasons, cause });
  const message =
    `The I/O filter ${leaving.join(', ')} keeps data with the disk, ` +
    `and cannot be asked to give them up: ${why}`;
  return new Fault('FilterFault', message, { cause });
}

async function writeNames(
  host: HostContext,
  { vmId, path, filters }: { vmId: string; path: string; filters: readonly DiskFilter[] },
): Promise<void> {
  const { clock, random } = host;
  const owner = { ...host.who(), vmId };
  const lock = await acquireDiskLock({ descriptorPath: path, owner, clock, random });
  try {
    const descriptor = await readDescriptor(path);
    const names = filters.map((filter) => filter.name);
    if (lock.isHeld()) await writeDescriptor(path, withIofilters(descriptor, names));
  } finally {
    await lock.release();
  }
}
