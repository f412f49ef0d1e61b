'use client';
// What is worth knowing of a virtual machine at a glance, beside the list that it was picked in.
// Props: `vm` as the list has it; its disks are read when the panel opens.
import { SidePanel } from '#components/shell/side-panel.tsx';
import { useVm } from '#lib/client/use-inventory.ts';
import type { DiskView, VmSummary } from '#lib/wire/api/inventory.ts';
import { powerLabel } from '#lib/wire/api/vms/vm-columns.ts';
import { formatBytes, formatMebibytes, formatShare } from '../format/quantities.ts';
import { ObjectLink } from '../objects/object-link.tsx';
import { ComplianceBadge } from '../policies/compliance-badge.tsx';
import { Section } from '../ui/card.tsx';
import { CopyText } from '../ui/copy-text.tsx';
import { PropertyList } from '../ui/property-list.tsx';
import { QueryState } from '../ui/states/query-state.tsx';
import { VmIcon } from './vm-state.tsx';

export function VmPanel({ vm }: { vm: VmSummary }) {
  const query = useVm(vm.id);
  return (
    <SidePanel title={vm.name} icon={<VmIcon vm={vm} />} href={`/vms/${vm.id}`}>
      <div className="space-y-5">
        <PropertyList
          items={[
            { label: 'Power', value: powerLabel(vm) },
            { label: 'Host', value: <ObjectLink {...vm.host} /> },
            { label: 'Cluster', value: vm.cluster && <ObjectLink {...vm.cluster} /> },
            { label: 'Guest', value: vm.guestFullName },
            { label: 'CPU in use', value: `${formatShare(vm.cpuUsage)} of one core` },
            { label: 'Memory', value: formatMebibytes(vm.memoryMib) },
            { label: 'Compliance', value: <ComplianceBadge compliance={vm.compliance} /> },
          ]}
        />
        <QueryState query={query} lines={4}>
          {({ disks }) => disks.map((disk) => <Disk key={disk.key} disk={disk} />)}
        </QueryState>
      </div>
    </SidePanel>
  );
}

function Disk({ disk }: { disk: DiskView }) {
  const filters = disk.filters.map(({ name }) => name).join(', then ');
  return (
    <Section title={disk.label}>
      <PropertyList
        items={[
          { label: 'Capacity', value: formatBytes(disk.capacityBytes) },
          { label: 'Policy', value: disk.policy?.name ?? 'Datastore default' },
          { label: 'Filters', value: filters === '' ? null : filters },
          {
            label: 'NBD address',
            value: disk.nbdUri ? <CopyText text={disk.nbdUri} label="NBD address" /> : null,
          },
        ]}
      />
    </Section>
  );
}
