// The Distributed Resource Scheduler: which moves would even out the cluster, which it must not
// make, and why.
//
// A host's load is the larger of two shares: cores in use (measured on the VMs' worlds) and memory
// granted. The imbalance is the standard deviation of the loads. DRS looks greedily for the move
// that lowers it most, as the published descriptions do (Gulati et al., "VMware Distributed
// Resource Management", VMware Technical Journal 2012); a move's priority follows the published
// formula 6 − ⌈imbalance / 0.1 × √hosts⌉, read from left to right (quotations differ on where
// √hosts stands; docs/adr/0010-drs.md).
import type { Reason } from '../model/fault.ts';
import type { ClusterFacts, HostFacts, VmFacts } from './facts.ts';
import { judgeMigration } from './placement.ts';

/** Moves proposed in one pass. */
const MOVES_MAX = 8;
/** Hosts whose loads differ by less are even enough: the pause of a move would not pay. */
const DIFFERENCE_MIN = 0.05;
/** Below it a gain is rounding. */
const GAIN_MIN = 1e-6;
const IMBALANCE_STEP = 0.1;

export interface DrsMove {
  vmId: string;
  fromHostId: string;
  toHostId: string;
  /** 1 mandatory … 5 slight improvement. */
  priority: number;
  reason: 'fairnessCpuAvg' | 'fairnessMemAvg';
  reasonText: string;
}

export interface DrsPlan {
  moves: DrsMove[];
  /** VMs that would have been moved, with the reasons of every host that could not take them. */
  faults: { vmId: string; reasons: Reason[] }[];
  imbalance: number;
  loads: { hostId: string; cpu: number; memory: number }[];
}

/** One pass over the cluster. Pure: the same facts give the same plan. */
export function planMoves(cluster: ClusterFacts, hosts: HostFacts[], vms: VmFacts[]): DrsPlan {
  const state = new ClusterState(hosts, vms);
  const start = { imbalance: state.imbalance(), loads: state.loads() };
  const moves: DrsMove[] = [];
  if (!cluster.drs.enabled) return { moves, faults: [], ...start };
  while (moves.length < MOVES_MAX) {
    const best = state.bestMove();
    if (!best) break;
    const move = toMove(best, state);
    if (move.priority > cluster.drs.threshold) break;
    state.apply(best);
    moves.push(move);
  }
  return { moves, faults: moves.length > 0 ? [] : state.hinderedVms(), ...start };
}

/**
 * Whether a move of any VM could pay, as far as the hosts alone tell. When none could, the plan is
 * the same without VMs: whoever has 10,000 of them need not read them.
 */
export function isUneven(hosts: readonly HostFacts[]): boolean {
  const loads = hosts.filter(isUsable).map((host) => load(host));
  return loads.length > 0 && Math.max(...loads) - Math.min(...loads) >= DIFFERENCE_MIN;
}

function isUsable(host: HostFacts): boolean {
  return host.connectionState === 'connected' && host.maintenanceState === 'normal';
}

interface Candidate {
  vm: VmFacts;
  from: HostFacts;
  to: HostFacts;
  gain: number;
}

/**
 * The cluster as it would be after the moves so far. Sums of the loads and of their squares are
 * kept, so that what one move would gain costs the same on 3 hosts as on 300.
 */
class ClusterState {
  readonly hosts: HostFacts[];
  readonly vms: VmFacts[];
  readonly hostById: Map<string, HostFacts>;
  readonly movedVms = new Set<string>();
  sum = 0;
  squares = 0;

  constructor(hosts: HostFacts[], vms: VmFacts[]) {
    this.hosts = hosts.filter(isUsable).map((host) => ({ ...host }));
    this.vms = vms.filter((vm) => vm.powerState === 'poweredOn').map((vm) => ({ ...vm }));
    this.hostById = new Map(this.hosts.map((host) => [host.id, host]));
    this.#total();
  }

  loads(): DrsPlan['loads'] {
    return this.hosts.map((host) => ({
      hostId: host.id,
      cpu: cpuLoad(host),
      memory: memoryLoad(host),
    }));
  }

  imbalance(): number {
    return deviation(this.sum, this.squares, this.hosts.length);
  }

  bestMove(): Candidate | null {
    let best: Candidate | null = null;
    for (const candidate of this.candidates()) {
      if (best && candidate.gain <= best.gain) continue;
      if (judgeMigration(candidate.vm, candidate.from, candidate.to).allowed) best = candidate;
    }
    return best;
  }

  /** Every move that would pay, of a VM that has not moved yet; compatibility apart. */
  *candidates(): Generator<Candidate> {
    const before = this.imbalance();
    for (const vm of this.vms) {
      const from = this.hostById.get(vm.hostId);
      if (!from || this.movedVms.has(vm.id)) continue;
      for (const to of this.hosts) {
        if (load(from) - load(to) < DIFFERENCE_MIN) continue;
        const gain = before - this.#imbalanceAfter(vm, from, to);
        if (gain > GAIN_MIN) yield { vm, from, to, gain };
      }
    }
  }

  apply({ vm, from, to }: Candidate): void {
    grant(from, vm, -1);
    grant(to, vm, 1);
    vm.hostId = to.id;
    this.movedVms.add(vm.id);
    this.#total();
  }

  /** VMs whose move would pay but that no better host may take. */
  hinderedVms(): DrsPlan['faults'] {
    const reasonsByVm = new Map<string, Reason[]>();
    for (const { vm, from, to } of this.candidates()) {
      const reasons = reasonsByVm.get(vm.id) ?? [];
      reasons.push(...judgeMigration(vm, from, to).reasons);
      if (reasons.length > 0) reasonsByVm.set(vm.id, reasons);
    }
    return [...reasonsByVm].map(([vmId, reasons]) => ({ vmId, reasons }));
  }

  #imbalanceAfter(vm: VmFacts, from: HostFacts, to: HostFacts): number {
    const [oldFrom, oldTo] = [load(from), load(to)];
    const [newFrom, newTo] = [load(from, vm, -1), load(to, vm, 1)];
    const sum = this.sum - oldFrom - oldTo + newFrom + newTo;
    const squares = this.squares - oldFrom ** 2 - oldTo ** 2 + newFrom ** 2 + newTo ** 2;
    return deviation(sum, squares, this.hosts.length);
  }

  /** Summed afresh after each move, so that rounding never adds up. */
  #total(): void {
    this.sum = 0;
    this.squares = 0;
    for (const host of this.hosts) {
      this.sum += load(host);
      this.squares += load(host) ** 2;
    }
  }
}

function toMove({ vm, from, to }: Candidate, state: ClusterState): DrsMove {
  const priority = priorityOf(state.imbalance(), state.hosts.length);
  const byMemory = memoryLoad(from) >= cpuLoad(from);
  const text = byMemory ? 'memory' : 'CPU';
  return {
    vmId: vm.id,
    fromHostId: from.id,
    toHostId: to.id,
    priority,
    reason: byMemory ? 'fairnessMemAvg' : 'fairnessCpuAvg',
    reasonText:
      `Balance average ${text} loads: ` +
      `${percent(load(from))} on ${from.name}, ${percent(load(to))} on ${to.name}`,
  };
}

/** 2 (significant) to 5 (slight); 1 is kept for mandatory moves. */
export function priorityOf(imbalance: number, hostCount: number): number {
  const steps = Math.ceil((imbalance / IMBALANCE_STEP) * Math.sqrt(hostCount));
  return Math.min(5, Math.max(2, 6 - steps));
}

/**
 * Why DRS and the cluster's filters do not go together at present: a filter must be on every host
 * of the cluster before DRS may move the VMs that use it freely (the guideline that a destination
 * needs a compatible filter).
 */
export function filterConflicts(cluster: ClusterFacts, hosts: HostFacts[]): Reason[] {
  if (!cluster.drs.enabled) return [];
  return cluster.filters.flatMap((filter) => {
    const without = hosts.filter(
      (host) =>
        !host.filters.some(
          (found) => found.name === filter.name && found.class === filter.type && found.available,
        ),
    );
    if (without.length === 0) return [];
    const names = without.map((host) => host.name).join(', ');
    const reason: Reason = {
      fault: 'GenericVmConfigFault',
      message:
        `DRS and the I/O filter ${filter.name} do not go together on ${cluster.name}: ` +
        `the filter is not on ${names}, so DRS places no VM there that uses it.`,
      remedy: `Resolve the installation of ${filter.name} on ${names}.`,
      objects: without.map((host) => host.id),
    };
    return [reason];
  });
}

function grant(host: HostFacts, vm: VmFacts, sign: 1 | -1): void {
  host.cpuUsage += sign * vm.cpuUsage;
  host.memoryGrantedMib += sign * vm.memoryMib;
}

function cpuLoad(host: HostFacts, more = 0): number {
  return host.cpuCores > 0 ? (host.cpuUsage + more) / host.cpuCores : 0;
}

function memoryLoad(host: HostFacts, more = 0): number {
  return host.memoryMib > 0 ? (host.memoryGrantedMib + more) / host.memoryMib : 0;
}

/** The host's load, or what it would be with the VM added or taken away. */
function load(host: HostFacts, vm?: VmFacts, sign: 1 | -1 = 1): number {
  const cpu = cpuLoad(host, vm ? sign * vm.cpuUsage : 0);
  return Math.max(cpu, memoryLoad(host, vm ? sign * vm.memoryMib : 0));
}

/** Standard deviation of so many values, from their sum and the sum of their squares. */
function deviation(sum: number, squares: number, count: number): number {
  if (count === 0) return 0;
  return Math.sqrt(Math.max(0, squares / count - (sum / count) ** 2));
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
