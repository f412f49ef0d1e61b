// May a host enter or leave maintenance mode, be connected or disconnected?
import type { Reason } from '../model/fault.ts';
import { type Verdict, verdictOf } from '../model/verdict.ts';
import type { HostFacts, VmFacts } from './facts.ts';
import { planEvacuation } from './maintenance.ts';

export interface MaintenanceFacts {
  host: HostFacts;
  /** The other hosts of the cluster; empty for a standalone host. */
  others: HostFacts[];
  /** Whether DRS may move VMs away. */
  drsEnabled: boolean;
  vms: VmFacts[];
  /** Whether VMs that are off or suspended shall leave too. */
  evacuatePoweredOffVms: boolean;
}

/**
 * VMs that nowhere can take are no reason to refuse, but they block the task: a warning names them.
 */
export function judgeEnterMaintenance(facts: MaintenanceFacts): Verdict {
  const { host } = facts;
  const reasons = notConnected(host);
  if (host.maintenanceState !== 'normal') {
    const state = host.maintenanceState === 'entering' ? 'is entering' : 'is in';
    reasons.push(refusal(host, `${host.name} ${state} maintenance mode already.`));
  }
  return verdictOf(
    reasons,
    blockedVms(facts).flatMap(({ vmId, reasons: why }) =>
      why.map((reason) => withVm(facts, vmId, reason)),
    ),
  );
}

/** A reason of a target names the target alone: which VM it keeps here is said before. */
function withVm({ host, vms }: MaintenanceFacts, vmId: string, reason: Reason): Reason {
  const { message, objects = [] } = reason;
  const vm = vms.find(({ id }) => id === vmId)?.name ?? vmId;
  return {
    ...reason,
    message: `${vm} cannot leave ${host.name}: ${message}`,
    objects: [...new Set([vmId, ...objects])],
  };
}

/** VMs that would block it, each with the reasons of every host. */
function blockedVms(facts: MaintenanceFacts) {
  const { host, others, drsEnabled, vms, evacuatePoweredOffVms } = facts;
  return planEvacuation(host, drsEnabled ? others : [], vms, evacuatePoweredOffVms).blocked;
}

export function judgeExitMaintenance(host: HostFacts): Verdict {
  if (host.maintenanceState === 'normal') {
    return verdictOf([refusal(host, `${host.name} is not in maintenance mode.`)]);
  }
  return verdictOf(notConnected(host));
}

/** Whether it can be told to change something of its own. */
export function judgeConfigureHost(host: HostFacts): Verdict {
  return verdictOf(notConnected(host));
}

export function judgeDisconnect(host: HostFacts): Verdict {
  if (host.connectionState !== 'disconnected') return verdictOf([]);
  return verdictOf([refusal(host, `${host.name} is disconnected already.`)]);
}

export function judgeReconnect(host: HostFacts): Verdict {
  if (host.connectionState !== 'connected') return verdictOf([]);
  return verdictOf([refusal(host, `${host.name} is connected already.`)]);
}

function notConnected(host: HostFacts): Reason[] {
  if (host.connectionState === 'connected') return [];
  return [
    {
      fault: 'HostNotConnected',
      message: `${host.name} is not connected.`,
      remedy: `Reconnect ${host.name}.`,
      objects: [host.id],
    },
  ];
}

function refusal(host: HostFacts, message: string): Reason {
  return { fault: 'InvalidState', message, objects: [host.id] };
}
