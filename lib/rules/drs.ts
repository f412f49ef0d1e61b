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
/**
 * A move must lower the imbalance by at least this much, or the pause of the move is not worth it.
 */
const GAIN_MIN = 0.01;
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

interface Candidate {
  vm: VmFacts;
  from: HostFacts;
  to: HostFacts;
  gain: number;
}

/** The cluster as it would be after the moves so far. */
class ClusterState {
  readonly hosts: HostFacts[];
  readonly vms: VmFacts[];
  readonly movedVms = new Set<string>();

  constructor(hosts: HostFacts[], vms: VmFacts[]) {
    const usable = (host: HostFacts) =>
      host.connectionState === 'connected' && host.maintenanceState === 'normal';
    this.hosts = hosts.filter(usable).map((host) => ({ ...host }));
    this.vms = vms.filter((vm) => vm.powerState === 'poweredOn').map((vm) => ({ ...vm }));
  }

  loads(): DrsPlan['loads'] {
    return this.hosts.map((host) => ({
      hostId: host.id,
      cpu: cpuLoad(host),
      memory: memoryLoad(host),
    }));
  }

  imbalance(): number {
    return deviation(this.hosts.map(load));
  }

  bestMove(): Candidate | null {
    let best: Candidate | null = null;
    for (const candidate of this.candidates()) {
      if (candidate.gain < GAIN_MIN || (best && candidate.gain <= best.gain)) continue;
      if (judgeMigration(candidate.vm, candidate.from, candidate.to).allowed) best = candidate;
    }
    return best;
  }

  /** Every move of a VM that has not moved yet, with what it would gain; compatibility apart. */
  *candidates(): Generator<Candidate> {
    const before = this.imbalance();
    for (const vm of this.vms) {
      const from = this.hosts.find((host) => host.id === vm.hostId);
      if (!from || this.movedVms.has(vm.id)) continue;
      for (const to of this.hosts) {
        if (to.id !== from.id)
          yield { vm, from, to, gain: before - this.imbalanceAfter(vm, from, to) };
      }
    }
  }

  imbalanceAfter(vm: VmFacts, from: HostFacts, to: HostFacts): number {
    return deviation(
      this.hosts.map((host) => {
        if (host.id === from.id) return load(withVm(host, vm, -1));
        return load(host.id === to.id ? withVm(host, vm, 1) : host);
      }),
    );
  }

  apply({ vm, from, to }: Candidate): void {
    Object.assign(from, withVm(from, vm, -1));
    Object.assign(to, withVm(to, vm, 1));
    vm.hostId = to.id;
    this.movedVms.add(vm.id);
  }

  /** VMs whose move would pay but that no better host may take. */
  hinderedVms(): DrsPlan['faults'] {
    const reasonsByVm = new Map<string, Reason[]>();
    for (const { vm, from, to, gain } of this.candidates()) {
      const verdict = judgeMigration(vm, from, to);
      if (gain < GAIN_MIN || verdict.allowed) continue;
      reasonsByVm.set(vm.id, [...(reasonsByVm.get(vm.id) ?? []), ...verdict.reasons]);
    }
    return [...reasonsByVm].map(([vmId, reasons]) => ({ vmId, reasons }));
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

function withVm(host: HostFacts, vm: VmFacts, sign: 1 | -1): HostFacts {
  return {
    ...host,
    cpuUsage: host.cpuUsage + sign * vm.cpuUsage,
    memoryGrantedMib: host.memoryGrantedMib + sign * vm.memoryMib,
  };
}

function cpuLoad(host: HostFacts): number {
  return host.cpuCores > 0 ? host.cpuUsage / host.cpuCores : 0;
}

function memoryLoad(host: HostFacts): number {
  return host.memoryMib > 0 ? host.memoryGrantedMib / host.memoryMib : 0;
}

function load(host: HostFacts): number {
  return Math.max(cpuLoad(host), memoryLoad(host));
}

function deviation(values: number[]): number {
  if (values.length === 0) return 0;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
