// Admission control of vSphere HA: whether enough is left for the host failures that a cluster
// shall tolerate, and which VMs no other host could take.
import type { HaConfig } from '../../model/availability.ts';
import type { Reason } from '../../model/fault.ts';
import type { HostFacts, VmFacts } from '../facts.ts';
import { judgePlacement } from '../placement.ts';

export interface FailoverCapacity {
  /** Of the hosts that can run VMs now, MiB. */
  memoryMib: number;
  /** What is left of it when the largest hosts fail, as many as are tolerated. */
  memoryLeftMib: number;
  /** Configured memory of the VMs that are on. */
  memoryGrantedMib: number;
  /** How many of the largest hosts may fail before what is left is too little; -1: it is now. */
  hostFailures: number;
}

export function failoverCapacity(
  hosts: readonly HostFacts[],
  failuresTolerated: number,
): FailoverCapacity {
  const usable = hosts
    .filter((host) => host.connectionState === 'connected' && host.maintenanceState === 'normal')
    .map(({ memoryMib }) => memoryMib)
    .sort((a, b) => b - a);
  const leftAfter = (failures: number) => sum(usable.slice(failures));
  const memoryGrantedMib = sum(hosts.map((host) => host.memoryGrantedMib));
  let hostFailures = -1;
  for (let failures = 0; failures < Math.max(usable.length, 1); failures++) {
    if (leftAfter(failures) < memoryGrantedMib) break;
    hostFailures = failures;
  }
  return {
    memoryMib: sum(usable),
    memoryLeftMib: leftAfter(failuresTolerated),
    memoryGrantedMib,
    hostFailures,
  };
}

/** Why a VM that is off may not be powered on in the cluster; empty: it may. */
export function admissionReasons(
  { name, memoryMib }: Pick<VmFacts, 'name' | 'memoryMib'>,
  hosts: readonly HostFacts[],
  ha: HaConfig | null,
): Reason[] {
  if (!ha?.enabled || !ha.admissionControl) return [];
  const { memoryLeftMib, memoryGrantedMib } = failoverCapacity(hosts, ha.failuresTolerated);
  if (memoryGrantedMib + memoryMib <= memoryLeftMib) return [];
  const failures =
    ha.failuresTolerated === 1 ? 'a host fails' : `${ha.failuresTolerated} hosts fail`;
  return [
    {
      fault: 'InsufficientFailoverResourcesFault',
      message:
        `When ${failures}, the cluster has ${memoryLeftMib} MiB of memory left; ` +
        `${memoryGrantedMib} MiB are granted, and ${name} needs ${memoryMib} MiB.`,
      remedy: 'Power off other virtual machines, add a host, or change admission control.',
    },
  ];
}

/** Every other host's reasons when none could take the VM after the loss of its host; else none. */
export function unprotectedReasons(vm: VmFacts, hosts: readonly HostFacts[]): Reason[] {
  const reasons: Reason[] = [];
  for (const host of hosts) {
    if (host.id === vm.hostId) continue;
    // Memory is for the cluster's capacity to say.
    const verdict = judgePlacement({ ...vm, powerState: 'poweredOff', memoryMib: 0 }, host);
    if (verdict.allowed) return [];
    reasons.push(...verdict.reasons);
  }
  if (reasons.length > 0) return reasons;
  const message = `No other host of the cluster can take ${vm.name}.`;
  return [{ fault: 'NoCompatibleHost', message, remedy: 'Add a host to the cluster.' }];
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
