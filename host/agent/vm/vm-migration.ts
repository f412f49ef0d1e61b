// Both ends of a vMotion on a host: a place for a VM that comes, and the handover of one that goes.
import { Fault } from '#lib/model/fault.ts';
import type { HandoverTicket, VmRunSpec } from '#lib/wire/agent/host-rpc.ts';
import type { HostContext } from '../host-context.ts';
import { requireNotInMaintenance } from './vm-power.ts';
import { newVmRecord } from './vm-record.ts';
import type { VmRunner } from './vm-runner.ts';
import type { VmSet } from './vm-set.ts';
import { launchOf, specAtHome } from './world-launch.ts';
import { prepareLaunch, worldCommand } from './world-process.ts';

/**
 * Checks image, datastores and mode, and keeps a place. Throws every reason why the VM cannot
 * come.
 */
export async function prepareIncoming(
  host: HostContext,
  vms: VmSet,
  vm: VmRunSpec,
): Promise<HandoverTicket> {
  requireNotInMaintenance(host);
  const here = await specAtHome(host, vm);
  const how = { incoming: true, serves: true, missing: 'GenericVmConfigFault' } as const;
  const launch = await launchOf(host, here, how);
  host.keys.require(vm.vmId, here.disks);
  const runner = await vms.findOrAdd(here, 'incoming');
  return runner.exclusively(async () => {
    if (runner.isRunning || runner.record.desired === 'poweredOn') {
      throw new Fault('InvalidState', `${vm.name} runs on this host already.`);
    }
    await runner.stopWorld();
    await runner.settle();
    await runner.update(newVmRecord(here, 'incoming'));
    await prepareLaunch(launch, runner.places.launchPath);
    runner.show('migratingIn');
    const { controlSocketPath, launchPath } = runner.places;
    const command = worldCommand(launchPath, launch.logPath);
    return { vmId: vm.vmId, launch: { ...command, env: {} }, controlSocketPath };
  });
}

/** On any failure before the switch the VM runs on here. */
export async function migrateOut(
  host: HostContext,
  vms: VmSet,
  { vmId, ticket }: { vmId: string; ticket: HandoverTicket },
) {
  const runner = vms.require(vmId);
  return runner.exclusively(async () => {
    if (!runner.isRunning) {
      throw new Fault('InvalidPowerState', `The virtual machine ${vmId} does not run here.`);
    }
    if (ticket.vmId !== vmId) {
      throw new Fault('InvalidArgument', `The place is for the virtual machine ${ticket.vmId}.`);
    }
    await runner.settle();
    const { name } = runner.record.spec;
    const result = await runner.handOver(ticket);
    await vms.forget(runner);
    const message = `${name} was handed over; its I/O paused for ${result.pauseMs.toFixed(1)} ms.`;
    await host.events.add({ type: 'VmHandedOver', severity: 'info', message, vmId });
    return result;
  });
}

/** Idempotent. Clears the place unless the VM has arrived. */
export async function finishIncoming(
  host: HostContext,
  vms: VmSet,
  vmId: string,
): Promise<{ arrived: boolean }> {
  const runner = vms.find(vmId);
  if (!runner) return { arrived: false };
  return runner.exclusively(async () => {
    if (await runner.hasArrived()) {
      const message = `${runner.record.spec.name} has arrived.`;
      await host.events.add({ type: 'VmArrived', severity: 'info', message, vmId });
      return { arrived: true };
    }
    await clearPlace(vms, runner);
    return { arrived: false };
  });
}

async function clearPlace(vms: VmSet, runner: VmRunner): Promise<void> {
  if (runner.record.place !== 'incoming') return;
  await runner.stopWorld();
  await vms.forget(runner);
}
