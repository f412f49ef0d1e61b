// The columns of lists of virtual machines: what the server searches and sorts by, and the console
// draws. Without a schema, since the browser needs it.
import { formatBytes, formatMebibytes, formatShare } from '../../../base/format-quantities.ts';
import type { SearchColumn } from '../../../base/row-search.ts';
import type { Compliance, VmSummary } from '../inventory.ts';

const POWER_LABELS: Record<VmSummary['powerState'], string> = {
  poweredOn: 'Powered on',
  poweredOff: 'Powered off',
  suspended: 'Suspended',
};

export const COMPLIANCE_LABELS: Record<Compliance, string> = {
  compliant: 'Compliant',
  nonCompliant: 'Noncompliant',
  outOfDate: 'Out of date',
  notApplicable: 'Not applicable',
  unknown: 'Unknown',
};

export function powerLabel(vm: Pick<VmSummary, 'powerState' | 'isTemplate'>): string {
  return vm.isTemplate ? 'Template' : POWER_LABELS[vm.powerState];
}

export const VM_COLUMNS = {
  name: { id: 'name', value: ({ name }) => name },
  power: { id: 'power', value: powerLabel },
  host: { id: 'host', value: ({ host }) => host.name },
  cluster: { id: 'cluster', value: ({ cluster }) => cluster?.name ?? '' },
  filters: { id: 'filters', value: ({ filterNames }) => filterNames.join(', ') },
  compliance: { id: 'compliance', value: ({ compliance }) => COMPLIANCE_LABELS[compliance] },
  cpu: {
    ...{ id: 'cpu', value: ({ cpuUsage }) => cpuUsage },
    text: ({ cpuUsage }) => formatShare(cpuUsage),
  },
  memory: {
    ...{ id: 'memory', value: ({ memoryMib }) => memoryMib },
    text: ({ memoryMib }) => formatMebibytes(memoryMib),
  },
  size: {
    ...{ id: 'size', value: ({ provisionedBytes }) => provisionedBytes },
    text: ({ provisionedBytes }) => formatBytes(provisionedBytes),
  },
  snapshots: { id: 'snapshots', value: ({ snapshotCount }) => snapshotCount },
  guest: { id: 'guest', value: ({ guestFullName }) => guestFullName },
} as const satisfies Record<string, SearchColumn<VmSummary>>;
