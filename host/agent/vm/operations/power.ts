// Suspend and reset, which the disks' filters hear of.

import { randomHex } from '#lib/base/random.ts';
import { Fault } from '#lib/model/fault.ts';
import type { OperationJob } from '../../operations.ts';
import type { OperatedVm, OperatedVms, OperatingHost } from '../operated-vm.ts';
import { statePathOf } from '../world-launch.ts';

interface Where {
  host: OperatingHost;
  vms: OperatedVms;
  job: OperationJob;
}

/** Idempotent. */
export async function suspendVm({ host, vms }: Where, vmId: string): Promise<void> {
  const runner = vms.require(vmId);
  await runner.exclusively(async () => {
    await runner.settle();
    if (runner.record.desired === 'suspended') return;
    requireRunning(runner);
    const statePath = await statePathOf(host, runner.record.spec);
    const mark = `suspend/${randomHex(host.random, 4)}`;
    const operation = { kind: 'suspend', statePath } as const;
    await runner.client.operate({ mark, operation, commit: null }).catch(saysWhoEnded);
    await runner.suspended();
  });
}

export async function resetVm({ host, vms }: Where, vmId: string): Promise<void> {
  const runner = vms.require(vmId);
  await runner.exclusively(async () => {
    await runner.settle();
    requireRunning(runner);
    const mark = `reset/${randomHex(host.random, 4)}`;
    const operation = { kind: 'reset' } as const;
    await runner.client.operate({ mark, operation, commit: null }).catch(saysWhoEnded);
  });
}

/** That a world is gone says nothing about the host, which whoever asked has reached. */
export function saysWhoEnded(thrown: unknown): never {
  if (!(thrown instanceof Fault && thrown.fault === 'HostNotReachable')) throw thrown;
  const message = `${thrown.message} Whether the operation was done shows when it runs again.`;
  throw new Fault('SystemError', message, { cause: thrown });
}

function requireRunning(runner: OperatedVm): void {
  const { desired, spec } = runner.record;
  if (desired !== 'poweredOn') {
    throw new Fault('InvalidPowerState', `${spec.name} is not running.`);
  }
  if (runner.isRunning) return;
  throw new Fault('InvalidState', `${spec.name} is on, but its process does not work now.`);
}
