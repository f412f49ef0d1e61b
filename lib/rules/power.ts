// Powering virtual machines on and off: whether, and on which host when DRS may choose.
import type { Reason } from '../model/fault.ts';
import type { DrsConfig } from '../model/inventory.ts';
import { type Verdict, verdictOf } from '../model/verdict.ts';
import type { HostFacts, VmFacts } from './facts.ts';
import { judgePlacement } from './placement.ts';

export interface PowerOnFacts {
  vm: VmFacts;
  host: HostFacts;
  /** The other hosts of its cluster; empty for a standalone host. */
  others: HostFacts[];
  drs: DrsConfig | null;
}

export interface PowerOnPlan {
  verdict: Verdict;
  /** Where it shall run; its own host unless DRS places it elsewhere. */
  hostId: string;
}

/**
 * The VM's own host runs it when it can. Else DRS, when it is enabled and not manual, places it on
 * the compatible host of the cluster with the most memory left (partially automated: initial
 * placement is automatic).
 */
export function planPowerOn({ vm, host, others, drs }: PowerOnFacts): PowerOnPlan {
  if (vm.powerState === 'poweredOn') {
    return { verdict: verdictOf([wrongState(vm, 'on')]), hostId: host.id };
  }
  const own = judgePlacement(vm, host);
  if (own.allowed || !drs?.enabled || drs.behavior === 'manual') {
    return { verdict: own, hostId: host.id };
  }
  const [best] = others
    .filter((other) => judgePlacement(vm, other).allowed)
    .sort((a, b) => memoryLeft(b) - memoryLeft(a));
  return best ? { verdict: verdictOf([]), hostId: best.id } : { verdict: own, hostId: host.id };
}

export function judgePowerOff(vm: VmFacts, host: HostFacts): Verdict {
  const reasons: Reason[] = [];
  if (vm.powerState === 'poweredOff') reasons.push(wrongState(vm, 'off'));
  else if (host.connectionState !== 'connected') {
    reasons.push({
      fault: 'HostNotConnected',
      message: `${vm.name} runs on ${host.name}, which is not connected.`,
      remedy: `Reconnect ${host.name}.`,
      objects: [host.id],
    });
  }
  return verdictOf(reasons);
}

function wrongState(vm: VmFacts, state: 'on' | 'off'): Reason {
  return {
    fault: 'InvalidPowerState',
    message: `${vm.name} is powered ${state} already.`,
    objects: [vm.id],
  };
}

function memoryLeft(host: HostFacts): number {
  return host.memoryMib - host.memoryGrantedMib;
}
