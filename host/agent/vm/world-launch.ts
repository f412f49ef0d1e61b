// Turns a VM's record into the launch file of its world: datastore paths, code of the filters,
// sockets, lock owner.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { iofilters } from '#lib/formats/vmdk/descriptor.ts';
import { Fault, type FaultName, type Reason } from '#lib/model/fault.ts';
import type { DiskFilter } from '#lib/model/filter.ts';
import { keysOf } from '#lib/model/key.ts';
import { orderFilters } from '#lib/rules/filter-order.ts';
import type { VmRunSpec } from '#lib/wire/agent/host-rpc.ts';
import { readDescriptor } from '../../datastore/descriptor-file.ts';
import { diskPathsOf, homeAt, movedTo } from '../../datastore/vm-home.ts';
import type { LaunchFilter, WorldLaunch } from '../../world/launch.ts';
import type { OperatingHost } from './operated-vm.ts';
import { specWithFilters, type VmRecord } from './vm-record.ts';

export interface WorldPlaces {
  launchPath: string;
  controlSocketPath: string;
  nbdSocketPath: string;
  logPath: string;
}

export function worldPlaces({ paths }: Pick<OperatingHost, 'paths'>, vmId: string): WorldPlaces {
  return {
    launchPath: join(paths.launch, `${vmId}.json`),
    controlSocketPath: join(paths.runtime, `${vmId}.ctl`),
    nbdSocketPath: join(paths.runtime, `${vmId}.nbd`),
    logPath: join(paths.logs, `${vmId}.log`),
  };
}

/** Throws `InvalidDatastore`, or the given fault naming every filter that the host lacks. */
export async function launchOf(
  host: OperatingHost,
  spec: VmRunSpec,
  { incoming, serves, missing }: { incoming: boolean; serves: boolean; missing: FaultName },
): Promise<WorldLaunch> {
  const wanted = spec.disks.flatMap((disk) => disk.filters);
  requireFilters(host, wanted, missing);
  const disks: WorldLaunch['disks'] = [];
  for (const disk of spec.disks) {
    const descriptorPath = await host.datastores.resolve(disk.datastoreId, disk.path);
    const filters = launchFilters(host, disk.filters);
    disks.push({ key: disk.key, descriptorPath, filters });
  }
  const homePath = await host.datastores.resolve(spec.datastoreId, spec.vmxPath);
  const { controlSocketPath, nbdSocketPath, logPath } = worldPlaces(host, spec.vmId);
  return {
    vm: spec,
    owner: host.who(),
    storage: host.storage(),
    ...(host.flash && { flash: host.flash }),
    disks,
    controlSocketPath,
    nbdSocketPath,
    logPath,
    nbdHost: '127.0.0.1',
    nbdPort: spec.nbdPort,
    incoming,
    serves,
    ...(keysOf(wanted).length > 0 && { awaitsKeys: true }),
    ...(serves && { homePath }),
    statePath: serves ? await statePathOf(host, spec) : null,
  };
}

/**
 * The spec with its disks as the .vmx has them: the controller may not have heard yet what the last
 * operation has made of them. Throws `FileNotFound` without a .vmx.
 */
export async function specAtHome(host: OperatingHost, spec: VmRunSpec): Promise<VmRunSpec> {
  const asked = await host.datastores.resolve(spec.datastoreId, spec.vmxPath);
  const vmxPath = await movedTo(asked, host.files);
  const home = vmxPath === null ? {} : await homeAt(vmxPath, host.datastores);
  const paths = await diskPathsOf(vmxPath ?? asked, host.files);
  const disks: VmRunSpec['disks'] = [];
  for (const disk of spec.disks) {
    const path = paths.get(disk.unit);
    if (path !== undefined) disks.push({ ...disk, ...(await host.datastores.locate(path)) });
  }
  return { ...spec, ...home, disks };
}

/** Where a suspended VM's state is kept: beside its .vmx. */
export async function statePathOf(host: OperatingHost, spec: VmRunSpec): Promise<string> {
  const vmxPath = await host.datastores.resolve(spec.datastoreId, spec.vmxPath);
  return vmxPath.replace(/(\.vmx)?$/, '.vmss');
}

/** Gives up what a suspended VM has kept. */
export async function discardState(host: OperatingHost, spec: VmRunSpec): Promise<void> {
  await rm(await statePathOf(host, spec), { force: true });
}

/** In call order, with where their code is. All must be installed. */
export function launchFilters(host: OperatingHost, filters: readonly DiskFilter[]): LaunchFilter[] {
  return orderFilters(filters).map((filter) => {
    const found = host.findFilter(filter);
    if (found) return found;
    const [reason] = missingReasons(host, [filter]);
    throw new Fault('CannotOpenDisk', reason?.message ?? filter.name, {
      data: { filter: filter.name, operation: 'load' },
    });
  });
}

/** Throws the given fault unless every filter is in the image. */
export function requireFilters(
  host: OperatingHost,
  filters: readonly DiskFilter[],
  fault: FaultName,
): void {
  const missing = filters.filter((filter) => host.findFilter(filter) === null);
  const reasons = missingReasons(host, missing, fault);
  const [first] = reasons;
  const data = { filters: missing.map(({ name }) => name) };
  if (first) throw new Fault(fault, first.message, { reasons, data });
}

/**
 * The record with the filters that its disks really have, when the agent died while changing them:
 * the descriptor, which the world writes last, says whether the change was made.
 */
export async function settlePendingFilters(
  host: OperatingHost,
  record: VmRecord,
): Promise<VmRecord> {
  const { pendingFilters: pending, spec } = record;
  const disk = spec.disks.find(({ key }) => key === pending?.diskKey);
  if (!pending || !disk) return { ...record, pendingFilters: null };
  const path = await host.datastores.resolve(disk.datastoreId, disk.path);
  const names = iofilters(await readDescriptor(path, host.files));
  const wanted = orderFilters(pending.filters).map((filter) => filter.name);
  const made = names.join() === wanted.join();
  const settled = made ? specWithFilters(spec, pending.diskKey, pending.filters) : spec;
  return { ...record, spec: settled, pendingFilters: null };
}

function missingReasons(
  host: OperatingHost,
  filters: readonly DiskFilter[],
  fault: FaultName = 'CannotOpenDisk',
): Reason[] {
  const { hostName } = host.who();
  return [...new Set(filters.map((filter) => filter.name))].map((name) => ({
    fault,
    message: `The I/O filter ${name} is not installed on the host ${hostName}.`,
    remedy: `Install the filter ${name} on all hosts of the cluster, or remove it from the disk.`,
  }));
}
