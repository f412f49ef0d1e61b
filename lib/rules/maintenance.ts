// Entering maintenance mode: where each VM of the host goes, those that are on and, if that is
// wanted, the others too, and which have nowhere to go.
import type { Reason } from '../model/fault.ts';
import type { HostFacts, VmFacts } from './facts.ts';
import { judgeMigration } from './placement.ts';

export interface EvacuationPlan {
  moves: { vmId: string; toHostId: string }[];
  /** VMs that no other host of the cluster can take, with every host's reasons. */
  blocked: { vmId: string; reasons: Reason[] }[];
}

/**
 * Places the largest VMs first, each on the compatible host of the same cluster with the most
 * memory left.
 */
export function planEvacuation(
  host: HostFacts,
  others: HostFacts[],
  vms: VmFacts[],
  evacuatePoweredOffVms = false,
): EvacuationPlan {
  const plan: EvacuationPlan = { moves: [], blocked: [] };
  const targets = others.filter((other) => other.id !== host.id).map((other) => ({ ...other }));
  const leaving = vms.filter(
    (vm) => vm.hostId === host.id && (evacuatePoweredOffVms || vm.powerState === 'poweredOn'),
  );
  for (const vm of leaving.sort(bySize)) {
    const judged = targets.map((target) => ({ target, verdict: judgeMigration(vm, host, target) }));
    const [best] = judged
      .filter(({ verdict }) => verdict.allowed)
      .map(({ target }) => target)
      .sort((a, b) => memoryLeft(b) - memoryLeft(a));
    if (best) {
      best.memoryGrantedMib += grantedMib(vm);
      plan.moves.push({ vmId: vm.id, toHostId: best.id });
    } else {
      plan.blocked.push({
        vmId: vm.id,
        reasons: blockedReasons(
          vm,
          judged.flatMap(({ verdict }) => verdict.reasons),
        ),
      });
    }
  }
  return plan;
}

/** The largest first, and what is on before what is off. */
function bySize(a: VmFacts, b: VmFacts): number {
  return grantedMib(b) - grantedMib(a) || a.id.localeCompare(b.id);
}

/** Memory that it takes on its host now. */
function grantedMib({ powerState, memoryMib }: VmFacts): number {
  return powerState === 'poweredOn' ? memoryMib : 0;
}

function blockedReasons(vm: VmFacts, reasons: Reason[]): Reason[] {
  if (reasons.length > 0) return reasons;
  return [
    {
      fault: 'NoCompatibleHost',
      message: `There is no other host that ${vm.name} could move to.`,
      remedy:
        vm.powerState === 'poweredOn'
          ? `Power off ${vm.name}, or add a host to the cluster.`
          : 'Add a host to the cluster, or leave what is off where it is.',
      objects: [vm.id],
    },
  ];
}

function memoryLeft(host: HostFacts): number {
  return host.memoryMib - host.memoryGrantedMib;
}
