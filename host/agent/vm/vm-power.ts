// Power on and off, filters, and forgetting a VM: what a host checks before its runner does it.

import { Fault } from '#lib/model/fault.ts';
import { requireAllowed } from '#lib/model/verdict.ts';
import { judgeFilterSet, orderFilters } from '#lib/rules/filter-order.ts';
import type { VmRunSpec } from '#lib/wire/agent/host-rpc.ts';
import type { HostContext } from '../host-context.ts';
import { changeOffline, type FilterChange } from './offline-filters.ts';
import { saysWhoEnded } from './operations/power.ts';
import { specWithFilters } from './vm-record.ts';
import type { VmSet } from './vm-set.ts';
import { requireFilters } from './world-launch.ts';

export async function powerOnVm(
  host: HostContext,
  vms: VmSet,
  vm: VmRunSpec,
): Promise<{ nbdPort: number; nbdSocketPath: string }> {
  const existed = vms.find(vm.vmId) !== null;
  const runner = await vms.findOrAdd(vm, 'here');
  return runner.exclusively(async () => {
    if (!runner.isRunning) requireNotInMaintenance(host);
    try {
      return await runner.powerOn(vm);
    } catch (thrown) {
      if (!existed) await vms.forget(runner);
      throw thrown;
    }
  });
}

export async function powerOffVm(vms: VmSet, vmId: string): Promise<void> {
  const runner = vms.require(vmId);
  await runner.exclusively(() => runner.powerOff());
}

/** Idempotent: a VM that is not known is forgotten already. */
export async function unregisterVm(vms: VmSet, vmId: string): Promise<void> {
  const runner = vms.find(vmId);
  if (!runner) return;
  await runner.exclusively(async () => {
    if (runner.isRunning) {
      throw new Fault('InvalidPowerState', `The virtual machine ${vmId} is powered on.`);
    }
    await runner.stopWorld();
    await vms.forget(runner);
  });
}

/** Of a running VM without a break in its I/O; of one that is off as `changeOffline` says. */
export async function setDiskFilters(
  host: HostContext,
  vms: VmSet,
  change: FilterChange,
): Promise<{ pauseMs: number; heldIos: number }> {
  const { vm, diskKey } = change;
  const filters = orderFilters(change.filters);
  requireAllowed(judgeFilterSet(filters));
  if (!vm.disks.some((disk) => disk.key === diskKey)) {
    throw new Fault('InvalidArgument', `${vm.name} has no disk with the key ${diskKey}.`);
  }
  requireFilters(host, filters, 'CannotOpenDisk');
  host.keys.require(vm.vmId, [{ filters }]);
  const runner = await vms.findOrAdd(vm, 'here');
  return runner.exclusively(async () => {
    if (runner.isRunning) return runner.setFilters(diskKey, filters).catch(saysWhoEnded);
    await changeOffline(host, runner, { vm, diskKey, filters });
    await runner.update({ spec: specWithFilters(runner.record.spec, diskKey, filters) });
    return { pauseMs: 0, heldIos: 0 };
  });
}

export function requireNotInMaintenance(host: HostContext): void {
  if (!host.inMaintenance()) return;
  const { hostName } = host.who();
  throw new Fault('HostInMaintenanceMode', `The host ${hostName} is in maintenance mode.`);
}
