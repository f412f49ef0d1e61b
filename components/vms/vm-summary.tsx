'use client';
// Summary of a VM: what it is and where, the storage policies of its disks, and each disk with its
// addresses.
// Props: `vm`.
import { openDialog } from '#components/shell/dialog-url.ts';
import type { VmView } from '#lib/wire/api/inventory.ts';
import { powerLabel } from '#lib/wire/api/vms/vm-columns.ts';
import { formatBytes, formatMebibytes, formatNoun, formatShare } from '../format/quantities.ts';
import { LabelsCard } from '../inventory/labels-card.tsx';
import { ObjectLink } from '../objects/object-link.tsx';
import { ComplianceBadge } from '../policies/compliance-badge.tsx';
import { Button } from '../ui/button.tsx';
import { Card } from '../ui/card.tsx';
import { CopyText } from '../ui/copy-text.tsx';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { PropertyList } from '../ui/property-list.tsx';
import { DiskCard } from './disk-card.tsx';
import { FilterChain } from './filter-chain.tsx';

export function VmSummaryTab({ vm }: { vm: VmView }) {
  const isOn = vm.powerState === 'poweredOn';
  return (
    <div className="space-y-4">
      <div className="grid items-start gap-4 xl:grid-cols-2">
        <Card title="Virtual machine">
          <PropertyList
            items={[
              { label: vm.isTemplate ? 'Kind' : 'Power', value: powerLabel(vm) },
              { label: 'Host', value: <ObjectLink {...vm.host} /> },
              { label: 'Cluster', value: vm.cluster && <ObjectLink {...vm.cluster} /> },
              { label: 'Guest', value: vm.guestFullName },
              {
                label: 'CPU',
                value: isOn
                  ? `${vm.cpuCount}, ${formatShare(vm.cpuUsage)} of one core in use`
                  : vm.cpuCount,
              },
              {
                label: 'Memory',
                value:
                  formatMebibytes(vm.memoryMib) +
                  (isOn ? `, its world uses ${formatBytes(vm.residentBytes)}` : ''),
              },
              { label: 'Datastore', value: <ObjectLink {...vm.datastore} /> },
              { label: 'Storage', value: storageText(vm) },
              { label: 'Snapshots', value: formatNoun(vm.snapshotCount, 'snapshot') },
              ...(vm.linkedTo
                ? [{ label: 'Linked clone of', value: <ObjectLink {...vm.linkedTo.vm} /> }]
                : []),
              { label: 'Configuration file', value: <CopyText text={vm.vmxPath} label="path" /> },
              { label: 'Instance UUID', value: <CopyText text={vm.instanceUuid} label="UUID" /> },
            ]}
          />
        </Card>
        <div className="space-y-4">
          <PoliciesCard vm={vm} />
          <LabelsCard id={vm.id} />
        </div>
      </div>
      {vm.disks.map((disk) => (
        <DiskCard key={disk.key} disk={disk} vm={vm} />
      ))}
    </div>
  );
}

function storageText({ usedBytes, provisionedBytes }: VmView): string {
  const provisioned = `${formatBytes(provisionedBytes)} provisioned`;
  return usedBytes === null ? provisioned : `${formatBytes(usedBytes)} used, ${provisioned}`;
}

function PoliciesCard({ vm }: { vm: VmView }) {
  return (
    <Card
      title="VM storage policies"
      actions={
        <Button
          size="small"
          disabledReason={reasonOf(vm.actions.editPolicies)}
          onClick={() => openDialog('editPolicies', { vm: vm.id })}
        >
          Edit VM storage policies…
        </Button>
      }
    >
      <table className="w-full border-collapse">
        <thead>
          <tr className="border-b border-line text-left text-sm text-muted">
            <th className="py-1 pr-3 font-medium">Disk</th>
            <th className="py-1 pr-3 font-medium">Policy</th>
            <th className="py-1 pr-3 font-medium">Compliance</th>
            <th className="py-1 font-medium">Filters, guest first</th>
          </tr>
        </thead>
        <tbody>
          {vm.disks.map((disk) => (
            <tr key={disk.key} className="h-row border-b border-line last:border-b-0">
              <td className="pr-3">{disk.label}</td>
              <td className="pr-3">
                {disk.policy ? <ObjectLink {...disk.policy} /> : 'Datastore default'}
              </td>
              <td className="pr-3">
                <ComplianceBadge compliance={disk.compliance} reason={disk.complianceReason} />
              </td>
              <td>
                <FilterChain filters={disk.filters} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Card>
  );
}
