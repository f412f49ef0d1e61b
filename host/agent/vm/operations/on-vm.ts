// What every operation on a VM's files begins with: the VM to itself, what was left over settled,
// an answer given again to who asks again, and its files read.
import type { Json } from '#lib/base/json.ts';
import { randomHex } from '#lib/base/random.ts';
import { Fault } from '#lib/model/fault.ts';
import type { VmLayout } from '#lib/wire/agent/disk-rpc.ts';
import type { VmRunSpec } from '#lib/wire/agent/host-rpc.ts';
import { readVmHome, type VmHome } from '../../../datastore/vm-home.ts';
import type { OperationJob } from '../../operations.ts';
import type { OperatedVm, OperatedVms, OperatingHost } from '../operated-vm.ts';

export interface Request {
  vm: VmRunSpec;
  operationKey: string;
}

/** One operation on one VM. */
export interface OnVm {
  host: OperatingHost;
  runner: OperatedVm;
  operationKey: string;
  job: OperationJob;
  /** As the files have it now. */
  home: VmHome;
  /** What the host runs, with the disks as the files have them. */
  vm: VmRunSpec;
  isOn: boolean;
}

/**
 * Throws `InvalidPowerState` for a suspended VM, and `InvalidState` for one that is on its way to
 * another host, or on and not working.
 */
export async function onVm<Answer extends Json>(
  { host, vms, job }: { host: OperatingHost; vms: OperatedVms; job: OperationJob },
  { vm, operationKey }: Request,
  work: (on: OnVm) => Promise<Answer>,
): Promise<Json> {
  const runner = await vms.findOrAdd(vm, 'here');
  return runner.exclusively(async () => {
    await settled(runner, job);
    const { lastOperation } = runner.record;
    if (lastOperation?.operationKey === operationKey) return lastOperation.answer;
    requireReady(runner);
    const home = await readVmHome(vm, host.datastores, host.files);
    const isOn = runner.record.desired === 'poweredOn';
    const now = { ...vm, disks: home.layout.disks };
    return work({ host, runner, operationKey, job, home, vm: now, isOn });
  });
}

/** A name for one step that no other step has had. */
export function newMark({ host, operationKey }: OnVm): string {
  return `${operationKey}/${randomHex(host.random, 4)}`;
}

/** The layout after a change. */
export function layoutWith({ home }: OnVm, change: Partial<VmLayout>): VmLayout {
  return { ...home.layout, ...change };
}

/** The same operation with the files as they are now. */
export async function again(on: OnVm): Promise<OnVm> {
  const home = await readVmHome(on.vm, on.host.datastores, on.host.files);
  return { ...on, home, vm: { ...on.vm, disks: home.layout.disks } };
}

/** Waits for what is under way, and passes on that somebody wants it to stop. */
async function settled(runner: OperatedVm, { signal }: OperationJob): Promise<void> {
  const mark = runner.record.intent?.mark;
  if (mark === undefined) return;
  const cancel = (): void => {
    // One that is over, or a process that is gone, has nothing to stop.
    runner.client.cancel(mark).catch(() => undefined);
  };
  signal.addEventListener('abort', cancel, { once: true });
  try {
    await runner.settle();
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}

function requireReady(runner: OperatedVm): void {
  const { desired, place, spec, handingOverTo } = runner.record;
  if (place === 'incoming' || handingOverTo !== null) {
    throw new Fault('InvalidState', `${spec.name} is being migrated.`);
  }
  if (desired === 'suspended') {
    const message = `${spec.name} is suspended; power it on or off first.`;
    throw new Fault('InvalidPowerState', message);
  }
  if (desired === 'poweredOn' && !runner.isRunning) {
    throw new Fault('InvalidState', `${spec.name} is on, but its process does not work now.`);
  }
}
