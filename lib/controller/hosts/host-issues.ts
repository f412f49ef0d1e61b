// What is wrong with a host: it does not answer, a filter failed on it, or it lacks one of its
// cluster's. Pure.
import type { Reason } from '../../model/fault.ts';
import { faultRecordSchema } from '../../model/task.ts';

export interface HostIssueFacts {
  host: { id: string; name: string; connectionState: string; connectionReason: string };
  clusterName: string;
  clusterFilters: readonly { filterId: string; name: string; opType: string }[];
  states: readonly { filterId: string; state: string; fault: unknown }[];
  vibs: readonly { filterId: string | null; available: boolean }[];
}

/** One reason for each issue, each with its remedy. */
export function hostIssues(facts: HostIssueFacts): Reason[] {
  return [...connectionIssues(facts), ...filterIssues(facts)];
}

function connectionIssues({ host }: HostIssueFacts): Reason[] {
  if (host.connectionState !== 'notResponding') return [];
  const why = host.connectionReason === '' ? '' : ` ${host.connectionReason}`;
  return [
    {
      fault: 'HostNotReachable',
      message: `${host.name} is not responding.${why}`,
      remedy: `Check that the agent of ${host.name} runs and that the network reaches it.`,
      objects: [host.id],
    },
  ];
}

function filterIssues(facts: HostIssueFacts): Reason[] {
  return facts.clusterFilters.flatMap((filter) => {
    const state = facts.states.find(({ filterId }) => filterId === filter.filterId);
    if (state?.state === 'failed') return [failedIssue(facts, filter, state.fault)];
    const vib = facts.vibs.find(({ filterId }) => filterId === filter.filterId);
    const isWanted = filter.opType !== 'uninstall';
    const isUnderWay = state !== undefined && state.state !== 'installed';
    if (!isWanted || isUnderWay || vib?.available) return [];
    return [missingIssue(facts, filter, vib !== undefined)];
  });
}

function failedIssue(
  { host, clusterName }: HostIssueFacts,
  filter: { name: string; opType: string },
  fault: unknown,
): Reason {
  const record = faultRecordSchema.safeParse(fault);
  const what = filter.opType === 'uninstall' ? 'uninstalling' : 'installing';
  const why = record.success ? ` ${record.data.message}` : '';
  return {
    fault: record.success ? record.data.fault : 'SystemError',
    message: `The I/O filter ${filter.name} failed ${what} on ${host.name}.${why}`,
    remedy: resolveRemedy(filter.name, clusterName),
    objects: [host.id],
  };
}

function missingIssue(
  { host, clusterName }: HostIssueFacts,
  filter: { name: string },
  isInstalled: boolean,
): Reason {
  const how = isInstalled ? 'is installed but does not load' : 'is not installed';
  return {
    fault: 'GenericVmConfigFault',
    message: `The I/O filter ${filter.name} of ${clusterName} ${how} on ${host.name}.`,
    remedy: resolveRemedy(filter.name, clusterName),
    objects: [host.id],
  };
}

function resolveRemedy(filterName: string, clusterName: string): string {
  return `Resolve ${filterName} on ${clusterName}, Configure, I/O Filters.`;
}
