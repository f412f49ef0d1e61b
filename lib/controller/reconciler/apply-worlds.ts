// Writes what a host reports of its VMs' worlds: power and world state, NBD address, the filters
// that really run.
import type { WorldReport } from '../../wire/agent/host-rpc.ts';
import type { ChangeInput } from '../changes/record-change.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import { type Disk, Prisma, type Vm } from '../database/generated/client.ts';

type VmWithDisks = Vm & { disks: Disk[] };

/** Compares and writes only what differs. A VM without a world is powered off. */
export async function applyWorlds(
  tx: DatabaseTransaction,
  hostId: string,
  worlds: readonly WorldReport[],
): Promise<ChangeInput[]> {
  const vms = await tx.vm.findMany({ where: { hostId }, include: { disks: true } });
  const byVm = new Map(worlds.map((world) => [world.vmId, world]));
  const changes: ChangeInput[] = [];
  for (const vm of vms) {
    const world = byVm.get(vm.id);
    const before = changes.length;
    changes.push(...(await applyVm(tx, vm, world)));
    for (const disk of vm.disks) changes.push(...(await applyDisk(tx, hostId, disk, world)));
    // The summary of a host and a cluster counts its VMs.
    if (changes.length > before) changes.push({ object: hostId, path: 'vms' });
  }
  return changes;
}

async function applyVm(
  tx: DatabaseTransaction,
  vm: VmWithDisks,
  world: WorldReport | undefined,
): Promise<ChangeInput[]> {
  const data = {
    // The host that a suspended VM was moved to has not met it yet.
    powerState: world?.powerState ?? withoutWorld(vm),
    worldState: world?.state ?? 'off',
    worldMessage: world?.message ?? '',
    trouble: world?.trouble ?? null,
    // An address is kept while the VM is off, so that it gets the same again.
    nbdPort: world && world.nbdPort > 0 ? world.nbdPort : vm.nbdPort,
    nbdSocketPath: world ? world.nbdSocketPath : '',
  };
  const same =
    vm.powerState === data.powerState &&
    vm.worldState === data.worldState &&
    vm.worldMessage === data.worldMessage &&
    canonical(vm.trouble) === canonical(data.trouble) &&
    vm.nbdPort === data.nbdPort &&
    vm.nbdSocketPath === data.nbdSocketPath;
  if (same) return [];
  // A move may have registered it elsewhere meanwhile: then this host has no say any more.
  const { count } = await tx.vm.updateMany({
    where: { id: vm.id, hostId: vm.hostId },
    data: { ...data, trouble: data.trouble ?? Prisma.DbNull },
  });
  if (count === 0) return [];
  return [{ object: vm.id, path: 'powerState', value: data.powerState }];
}

function withoutWorld({ desiredPowerState }: Vm): string {
  return desiredPowerState === 'suspended' ? 'suspended' : 'poweredOff';
}

async function applyDisk(
  tx: DatabaseTransaction,
  hostId: string,
  disk: Disk,
  world: WorldReport | undefined,
): Promise<ChangeInput[]> {
  const isOn = world?.powerState === 'poweredOn';
  const reported = isOn ? world.disks.find(({ key }) => key === disk.key) : undefined;
  const filters = reported?.filters ?? null;
  const connections = reported?.connections ?? 0;
  const changes: ChangeInput[] = [];
  if (canonical(filters) !== canonical(disk.reportedFilters)) {
    changes.push({ object: disk.vmId, path: 'filters' });
  }
  if (connections !== disk.connections) {
    changes.push({ object: disk.vmId, path: 'connections' });
  }
  if (changes.length === 0) return changes;
  const { count } = await tx.disk.updateMany({
    where: { vmId: disk.vmId, key: disk.key, vm: { hostId } },
    data: { connections, reportedFilters: filters ?? Prisma.DbNull },
  });
  return count === 0 ? [] : changes;
}

/** Text in which equal values are equal, whatever the order of their keys (jsonb has its own). */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (inner === null || typeof inner !== 'object' || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
