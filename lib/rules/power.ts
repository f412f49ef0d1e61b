// Powering virtual machines on and off, suspending and resetting them: whether, and on which host
// when DRS may choose.
import type { HaConfig } from '../model/availability.ts';
import type { Reason } from '../model/fault.ts';
import type { DrsConfig } from '../model/inventory.ts';
import { type Verdict, verdictOf } from '../model/verdict.ts';
import type { HostFacts, VmFacts } from './facts.ts';
import { admissionReasons } from './ha/admission.ts';
import { judgePlacement } from './placement.ts';
import { type PoolOwnerFacts, poolReasons } from './pools/pool-admission.ts';
import { replacedReasons } from './replication/failover.ts';
import { hostReasons, templateReasons, waitingReasons } from './storage/vm-reasons.ts';

export interface PowerOnFacts {
  vm: VmFacts;
  host: HostFacts;
  /** The other hosts of its cluster; empty for a standalone host. */
  others: HostFacts[];
  drs: DrsConfig | null;
  /** vSphere HA of its cluster; left out or null: nothing is kept for failures. */
  ha?: HaConfig | null;
  /** Its resource pool, among those of its cluster or host; left out or null: there are none. */
  pools?: { poolId: string | null; owner: PoolOwnerFacts } | null;
}

export interface PowerOnPlan {
  verdict: Verdict;
  /** Where it shall run; its own host unless DRS places it elsewhere. */
  hostId: string;
}

/**
 * The VM's own host runs it when it can. Else DRS, when it is enabled and not manual, places it on
 * the compatible host of the cluster with the most memory left (partially automated: initial
 * placement is automatic). Resource pools and admission control of vSphere HA may refuse it all the
 * same.
 */
export function planPowerOn(facts: PowerOnFacts): PowerOnPlan {
  const { vm, host, others, ha = null, pools = null } = facts;
  const plan = placePowerOn(facts);
  // One that counts as on has its room already.
  if (!plan.verdict.allowed || vm.powerState === 'poweredOn') return plan;
  const reasons = [
    ...(pools ? poolReasons(vm, pools.poolId, pools.owner) : []),
    ...admissionReasons(vm, [host, ...others], ha),
  ];
  return reasons.length > 0 ? { ...plan, verdict: verdictOf(reasons) } : plan;
}

function placePowerOn({ vm, host, others, drs }: PowerOnFacts): PowerOnPlan {
  if (vm.powerState === 'poweredOn') {
    // One whose process was given up is tried again, where its disks are.
    const reasons = vm.isFaulted
      ? [...hostReasons(vm, host), ...replacedReasons(vm)]
      : [wrongState(vm, 'powered on')];
    return { verdict: verdictOf(reasons), hostId: host.id };
  }
  const never = [...templateReasons(vm), ...replacedReasons(vm)];
  if (never.length > 0) return { verdict: verdictOf(never), hostId: host.id };
  const own = judgePlacement(vm, host);
  if (own.allowed || !drs?.enabled || drs.behavior === 'manual') {
    return { verdict: own, hostId: host.id };
  }
  const [best] = others
    .filter((other) => judgePlacement(vm, other).allowed)
    .sort((a, b) => memoryLeft(b) - memoryLeft(a));
  return best ? { verdict: verdictOf([]), hostId: best.id } : { verdict: own, hostId: host.id };
}

/** Also of a suspended one, which then does not go on where it stopped. */
export function judgePowerOff(vm: VmFacts, host: HostFacts): Verdict {
  if (vm.powerState === 'poweredOff') return verdictOf([wrongState(vm, 'powered off')]);
  return verdictOf(hostReasons(vm, host));
}

export function judgeSuspend(vm: VmFacts, host: HostFacts): Verdict {
  return verdictOf([
    ...notRunning(vm, 'suspended'),
    ...hostReasons(vm, host),
    ...waitingReasons(vm),
  ]);
}

export function judgeReset(vm: VmFacts, host: HostFacts): Verdict {
  return verdictOf([...notRunning(vm, 'reset'), ...hostReasons(vm, host), ...waitingReasons(vm)]);
}

function notRunning(vm: VmFacts, what: string): Reason[] {
  if (vm.powerState === 'poweredOn') return [];
  if (vm.powerState === what) return [wrongState(vm, 'suspended')];
  const how = vm.powerState === 'suspended' ? 'suspended' : 'powered off';
  return [
    {
      fault: 'InvalidPowerState',
      message: `${vm.name} is ${how} and cannot be ${what}.`,
      remedy: `Power on ${vm.name}.`,
      objects: [vm.id],
    },
  ];
}

function wrongState(vm: VmFacts, state: string): Reason {
  return {
    fault: 'InvalidPowerState',
    message: `${vm.name} is ${state} already.`,
    objects: [vm.id],
  };
}

function memoryLeft(host: HostFacts): number {
  return host.memoryMib - host.memoryGrantedMib;
}
