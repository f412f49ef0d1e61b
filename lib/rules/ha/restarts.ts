// Which VMs of a failed host start where, in which order, and why the others stay down. Whether a
// host can take a VM is for lib/rules/placement.ts alone to say.
import { RESTART_PRIORITIES, type RestartPriority } from '../../model/availability.ts';
import type { Reason } from '../../model/fault.ts';
import type { HostFacts, VmFacts } from '../facts.ts';
import { judgePlacement } from '../placement.ts';

export interface LostVm {
  vm: VmFacts;
  /** Its own, or that of its cluster. */
  priority: RestartPriority;
}

export interface RestartPlan {
  /** By priority, then by name. */
  restarts: { vmId: string; toHostId: string; priority: RestartPriority }[];
  /** VMs that stay down, with every host's reasons. */
  waiting: { vmId: string; reasons: Reason[] }[];
}

/**
 * `hosts`: the others of the cluster. Each VM goes to the compatible host that has the most memory
 * left when those before it are placed.
 */
export function planRestarts(
  failed: { id: string; name: string },
  lost: readonly LostVm[],
  hosts: readonly HostFacts[],
): RestartPlan {
  const plan: RestartPlan = { restarts: [], waiting: [] };
  const left = new Map(hosts.map((host) => [host.id, { ...host }]));
  for (const { vm, priority } of [...lost].sort(byPriority)) {
    const others = [...left.values()].filter(({ id }) => id !== failed.id);
    const reasons = priority === 'disabled' ? [disabledReason(vm)] : [];
    const able = reasons.length > 0 ? [] : others.filter((host) => judgeRestart(vm, host).allowed);
    const [best] = able.sort((a, b) => memoryLeft(b) - memoryLeft(a));
    if (best) {
      best.memoryGrantedMib += vm.memoryMib;
      plan.restarts.push({ vmId: vm.id, toHostId: best.id, priority });
      continue;
    }
    if (reasons.length === 0) {
      reasons.push(...others.flatMap((host) => judgeRestart(vm, host).reasons));
    }
    if (reasons.length === 0) reasons.push(aloneReason(failed));
    plan.waiting.push({ vmId: vm.id, reasons });
  }
  return plan;
}

function judgeRestart(vm: VmFacts, host: HostFacts) {
  return judgePlacement({ ...vm, powerState: 'poweredOff' }, host);
}

function byPriority(a: LostVm, b: LostVm): number {
  const order = RESTART_PRIORITIES.indexOf(a.priority) - RESTART_PRIORITIES.indexOf(b.priority);
  return order || a.vm.name.localeCompare(b.vm.name);
}

function memoryLeft(host: HostFacts): number {
  return host.memoryMib - host.memoryGrantedMib;
}

function disabledReason({ id, name }: VmFacts): Reason {
  return {
    fault: 'InvalidState',
    message: `The restart priority of ${name} is Disabled: vSphere HA does not restart it.`,
    remedy: `Give ${name} another restart priority, or power it on by hand.`,
    objects: [id],
  };
}

function aloneReason({ id, name }: { id: string; name: string }): Reason {
  return {
    fault: 'NoCompatibleHost',
    message: `The cluster of ${name} has no other host.`,
    remedy: 'Add a host to the cluster.',
    objects: [id],
  };
}
