// Whether a disk is as its storage policy wants it: the words and their meanings are those of SPBM.
import type { DiskFilter } from '../model/filter.ts';

export type ComplianceStatus =
  | 'compliant'
  | 'nonCompliant'
  | 'outOfDate'
  | 'notApplicable'
  | 'unknown';

export interface ComplianceFacts {
  policy: { name: string; generation: number } | null;
  /** Generation of the policy that was applied last. */
  appliedGeneration: number | null;
  /** As applied last. */
  filters: readonly DiskFilter[];
  /** As the host runs them; null while it does not run the VM. */
  reportedFilters: readonly DiskFilter[] | null;
  isPoweredOn: boolean;
  host: { name: string; isConnected: boolean; hasFilter: (filter: DiskFilter) => boolean };
}

export interface ComplianceResult {
  status: ComplianceStatus;
  /** A sentence; empty when compliant. */
  reason: string;
}

export function judgeCompliance(facts: ComplianceFacts): ComplianceResult {
  const { policy, host, filters } = facts;
  if (!policy) {
    const names = filters.map(({ name }) => name).join(', ');
    const yet = names === '' ? '' : ` The disk has the filters ${names} all the same.`;
    return { status: 'notApplicable', reason: `No storage policy is assigned.${yet}` };
  }
  if (facts.appliedGeneration !== policy.generation) {
    const reason = `The policy ${policy.name} was changed after it was applied. Reapply it.`;
    return { status: 'outOfDate', reason };
  }
  if (!host.isConnected) {
    return { status: 'unknown', reason: `${host.name} is not connected.` };
  }
  const missing = filters.filter((filter) => !host.hasFilter(filter));
  if (missing.length > 0) {
    const names = missing.map(({ name }) => name).join(', ');
    return { status: 'nonCompliant', reason: `${names} is not available on ${host.name}.` };
  }
  return facts.isPoweredOn ? compareWithHost(facts) : { status: 'compliant', reason: '' };
}

/** The worst of several disks; disks without a policy count only when all are without. */
export function worstCompliance(statuses: readonly ComplianceStatus[]): ComplianceStatus {
  const worst = (['nonCompliant', 'unknown', 'outOfDate', 'compliant'] as const).find((status) =>
    statuses.includes(status),
  );
  return worst ?? 'notApplicable';
}

function compareWithHost({ filters, reportedFilters, host }: ComplianceFacts): ComplianceResult {
  if (reportedFilters === null) {
    return { status: 'unknown', reason: `${host.name} has not reported the disk's filters yet.` };
  }
  if (isSameChain(filters, reportedFilters)) return { status: 'compliant', reason: '' };
  const reason =
    `The disk runs with ${inWords(reportedFilters)}, ` + `the policy wants ${inWords(filters)}.`;
  return { status: 'nonCompliant', reason };
}

function isSameChain(wanted: readonly DiskFilter[], found: readonly DiskFilter[]): boolean {
  return (
    wanted.length === found.length &&
    wanted.every((filter, index) => {
      const other = found[index];
      return other?.name === filter.name && hasProperties(other, filter);
    })
  );
}

/**
 * Every property that is wanted has its value; those that were left out have their defaults on the
 * host.
 */
function hasProperties(found: DiskFilter, wanted: DiskFilter): boolean {
  return Object.entries(wanted.properties).every(
    ([name, value]) => found.properties[name] === value,
  );
}

function inWords(filters: readonly DiskFilter[]): string {
  if (filters.length === 0) return 'no filter';
  return filters
    .map(({ name, properties }) => {
      const values = Object.entries(properties).map(([key, value]) => `${key} ${String(value)}`);
      return values.length > 0 ? `${name} (${values.join(', ')})` : name;
    })
    .join(', ');
}
