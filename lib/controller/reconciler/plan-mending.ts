// Compares what is wanted on a host with what it reports, and says what would mend the difference.
// Pure.
import type { HostReport, WorldReport } from '../../wire/agent/host-rpc.ts';
import { optionsDigest } from '../../wire/agent/options-digest.ts';

export interface WantedVm {
  id: string;
  /** Where it is registered. */
  hostId: string;
  desiredPowerState: string;
  /** A task holds it: its handler decides alone. */
  hasTask: boolean;
  /**
   * Whether the host where it is registered reports it running; null when that host has not
   * reported.
   */
  runsAtHome: boolean | null;
}

export interface WantedMount {
  id: string;
  name: string;
  type: string;
  path: string;
  /** As the host shall have them, with secrets opened. */
  options?: Record<string, string>;
}

export interface WantedHost {
  id: string;
  name: string;
  maintenanceState: string;
  mounts: WantedMount[];
}

export type Mending =
  | { kind: 'configure' }
  | { kind: 'setMaintenanceMode'; enabled: boolean }
  /** It shall run here and does not. */
  | { kind: 'powerOn'; vmId: string }
  /** It runs here, or is tried to be started here, and shall not. */
  | { kind: 'powerOff'; vmId: string }
  /** It runs here and shall be suspended. */
  | { kind: 'suspend'; vmId: string }
  /** It is registered elsewhere but runs here and only here: here it is. */
  | { kind: 'adopt'; vmId: string }
  /** A migration that nobody follows any more left a place for it here. */
  | { kind: 'clearPlace'; vmId: string }
  /** It is registered elsewhere, and off here: forget it. */
  | { kind: 'unregister'; vmId: string };

export function planMending(host: WantedHost, vms: WantedVm[], report: HostReport): Mending[] {
  const mendings: Mending[] = [];
  if (needsConfiguration(host, report)) mendings.push({ kind: 'configure' });
  const shouldBeIn = host.maintenanceState === 'inMaintenance';
  if (host.maintenanceState !== 'entering' && report.maintenanceMode !== shouldBeIn) {
    mendings.push({ kind: 'setMaintenanceMode', enabled: shouldBeIn });
  }
  const byVm = new Map(report.worlds.map((world) => [world.vmId, world]));
  for (const vm of vms) {
    if (vm.hasTask) continue;
    const world = byVm.get(vm.id);
    const mending = vm.hostId === host.id ? mendHere(vm, world, shouldBeIn) : mendStray(vm, world);
    if (mending) mendings.push(mending);
  }
  return mendings;
}

function needsConfiguration(host: WantedHost, report: HostReport): boolean {
  if (report.hostId !== host.id) return true;
  const mounted = report.datastores.map(({ id, name }) => `${id} ${name}`).sort();
  const wanted = host.mounts.map(({ id, name }) => `${id} ${name}`).sort();
  if (mounted.join('\n') !== wanted.join('\n')) return true;
  return host.mounts.some(({ id, options = {} }) => {
    const known = report.datastores.find((datastore) => datastore.id === id)?.optionsDigest;
    return known !== undefined && known !== optionsDigest(options);
  });
}

function mendHere(
  vm: WantedVm,
  world: WorldReport | undefined,
  inMaintenance: boolean,
): Mending | null {
  const isAtRest = !world || (world.powerState !== 'poweredOn' && world.state === 'off');
  switch (vm.desiredPowerState) {
    case 'poweredOn':
      return isAtRest && !inMaintenance ? { kind: 'powerOn', vmId: vm.id } : null;
    case 'suspended':
      // What is off already has lost its state, and nothing brings that back.
      return world?.powerState === 'poweredOn' ? { kind: 'suspend', vmId: vm.id } : null;
    default:
      return world && world.powerState !== 'poweredOff' ? { kind: 'powerOff', vmId: vm.id } : null;
  }
}

function mendStray(vm: WantedVm, world: WorldReport | undefined): Mending | null {
  if (!world) return null;
  if (world.state === 'migratingIn') return { kind: 'clearPlace', vmId: vm.id };
  if (world.powerState !== 'poweredOn') {
    return world.state === 'off' ? { kind: 'unregister', vmId: vm.id } : null;
  }
  if (vm.runsAtHome === null) return null;
  // A host that came back tries to start what has been restarted elsewhere: it must not go on.
  if (world.state === 'faulted') return vm.runsAtHome ? { kind: 'powerOff', vmId: vm.id } : null;
  if (world.state !== 'running') return null;
  return vm.runsAtHome ? { kind: 'powerOff', vmId: vm.id } : { kind: 'adopt', vmId: vm.id };
}
