'use client';
// Configure › Storage policies: each disk with its policy, compliance, and the properties that
// its filters run with.
// Props: `vm`.
import { openDialog } from '#components/shell/dialog-url.ts';
import { useFilters } from '#lib/client/use-policies.ts';
import { FILTER_CLASSES } from '#lib/model/filter-class.ts';
import type { DiskView, VmView } from '#lib/wire/api/inventory.ts';
import { formatBytes } from '../format/quantities.ts';
import { ObjectLink } from '../objects/object-link.tsx';
import { ComplianceBadge } from '../policies/compliance-badge.tsx';
import { propertyItems } from '../policies/property-items.ts';
import { Button } from '../ui/button.tsx';
import { Card, Section } from '../ui/card.tsx';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { PropertyList } from '../ui/property-list.tsx';
import { EmptyState } from '../ui/states/empty-state.tsx';
import { Skeleton } from '../ui/states/skeleton.tsx';

export function VmDisksAndPolicies({ vm }: { vm: VmView }) {
  return (
    <Section
      title="Storage policies"
      description={
        'A VM storage policy brings the filters to a disk. It can be changed while the ' +
        'virtual machine runs; its clients lose no I/O.'
      }
      actions={
        <Button
          variant="primary"
          disabledReason={reasonOf(vm.actions.editPolicies)}
          onClick={() => openDialog('editPolicies', { vm: vm.id })}
        >
          Edit VM storage policies…
        </Button>
      }
    >
      {vm.disks.length === 0 && <EmptyState title="This virtual machine has no disks" />}
      <div className="space-y-4">
        {vm.disks.map((disk) => (
          <DiskSettings key={disk.key} vm={vm} disk={disk} />
        ))}
      </div>
    </Section>
  );
}

function DiskSettings({ vm, disk }: { vm: VmView; disk: DiskView }) {
  return (
    <Card
      title={`${disk.label} (${disk.unit})`}
      actions={
        <Button
          size="small"
          variant="ghost"
          disabledReason={reasonOf(vm.actions.editPolicies)}
          onClick={() => openDialog('editPolicies', { vm: vm.id, disk: String(disk.key) })}
        >
          {disk.compliance === 'outOfDate' ? 'Apply the policy again…' : 'Change policy…'}
        </Button>
      }
    >
      <div className="grid gap-6 xl:grid-cols-2">
        <PropertyList
          items={[
            {
              label: 'Policy',
              value: disk.policy ? <ObjectLink {...disk.policy} /> : 'Datastore default',
            },
            {
              label: 'Compliance',
              value: (
                <ComplianceBadge compliance={disk.compliance} reason={disk.complianceReason} />
              ),
              help: disk.complianceReason || undefined,
            },
            { label: 'Capacity', value: formatBytes(disk.capacityBytes) },
            { label: 'Datastore', value: <ObjectLink {...disk.datastore} /> },
            { label: 'Descriptor', value: <code className="font-mono text-sm">{disk.path}</code> },
          ]}
        />
        <FilterSettings disk={disk} />
      </div>
    </Card>
  );
}

function FilterSettings({ disk }: { disk: DiskView }) {
  const filters = useFilters();
  if (disk.filters.length === 0)
    return <p className="text-muted">No filters. I/O goes straight to the virtual disk.</p>;
  // Without them a property has its name for programs only.
  if (filters.isPending) return <Skeleton lines={disk.filters.length * 3} />;
  return (
    <ol className="space-y-3" aria-label={`Filters of ${disk.label}, guest first`}>
      {disk.filters.map(({ name, class: filterClass, properties }, index) => (
        <li key={name}>
          <p className="font-semibold">
            {`${index + 1}. ${name}`}
            <span className="ml-2 font-normal text-muted">{FILTER_CLASSES[filterClass].label}</span>
          </p>
          <PropertyList
            items={propertyItems(
              properties,
              filters.data?.find((entry) => entry.name === name),
            )}
          />
        </li>
      ))}
    </ol>
  );
}
