'use client';
// The page of a VM storage policy: its rules, what could take a disk with it, and the disks that
// have it. Props: `id`.
import { Pencil, ShieldCheck, Trash2 } from 'lucide-react';
import { openDialog } from '#components/shell/dialog-url.ts';
import { ObjectPage } from '#components/shell/object-page.tsx';
import { useCompatibility, useFilters, usePolicy } from '#lib/client/use-policies.ts';
import { FILTER_CLASSES } from '#lib/model/filter-class.ts';
import type { PolicyRule, PolicyView } from '#lib/wire/api/policies.ts';
import { formatNoun } from '../format/quantities.ts';
import { ObjectLink } from '../objects/object-link.tsx';
import { ObjectMonitor } from '../objects/object-monitor.tsx';
import { Age } from '../ui/age.tsx';
import { Badge } from '../ui/badge.tsx';
import { Button } from '../ui/button.tsx';
import { Card, Section } from '../ui/card.tsx';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { PropertyList } from '../ui/property-list.tsx';
import { StateIcon } from '../ui/state-icon.tsx';
import { EmptyState } from '../ui/states/empty-state.tsx';
import { QueryState } from '../ui/states/query-state.tsx';
import { Skeleton } from '../ui/states/skeleton.tsx';
import { Compatibility } from './compatibility.tsx';
import { ComplianceBadge, complianceOf } from './compliance-badge.tsx';
import { propertyItems } from './property-items.ts';

export function PolicyPage({ id }: { id: string }) {
  return (
    <QueryState query={usePolicy(id)} lines={12}>
      {(known) => <Page policy={known} />}
    </QueryState>
  );
}

function Page({ policy }: { policy: PolicyView }) {
  const wrong = policy.assignments.filter(({ compliance }) => compliance !== 'compliant').length;
  return (
    <ObjectPage
      icon={
        <StateIcon
          icon={ShieldCheck}
          mark={wrong > 0 ? 'warning' : 'none'}
          label={wrong > 0 ? 'Not all of its disks are compliant' : 'VM storage policy'}
          size={22}
        />
      }
      name={policy.name}
      kind="VM storage policy"
      state={
        <Badge tone={wrong > 0 ? 'warn' : 'idle'}>
          {wrong > 0
            ? `${wrong} of ${formatNoun(policy.assignments.length, 'disk')} not compliant`
            : formatNoun(policy.assignments.length, 'disk')}
        </Badge>
      }
      actions={
        <>
          <Button
            icon={<Pencil size={13} />}
            disabledReason={reasonOf(policy.actions.edit)}
            onClick={() => openDialog('policy', { policy: policy.id })}
          >
            Edit…
          </Button>
          <Button
            icon={<Trash2 size={13} />}
            disabledReason={reasonOf(policy.actions.delete)}
            onClick={() => openDialog('deletePolicy', { policy: policy.id })}
          >
            Delete…
          </Button>
        </>
      }
      tabs={[
        { id: 'summary', label: 'Summary', content: <Summary policy={policy} /> },
        {
          id: 'monitor',
          label: 'Monitor',
          content: (
            <ObjectMonitor
              id={policy.id}
              sections={[
                { id: 'compliance', label: 'Compliance', content: <Disks policy={policy} /> },
              ]}
            />
          ),
        },
        { id: 'configure', label: 'Configure', content: <Rules policy={policy} /> },
        { id: 'related', label: 'Related', content: <Disks policy={policy} /> },
      ]}
    />
  );
}

function Summary({ policy }: { policy: PolicyView }) {
  return (
    <div className="space-y-4">
      <div className="grid gap-4 xl:grid-cols-2">
        <Card title="VM storage policy">
          <PropertyList
            items={[
              { label: 'Description', value: policy.description || null },
              { label: 'Created', value: <By at={policy.createdAt} who={policy.createdBy} /> },
              { label: 'Changed', value: <By at={policy.updatedAt} who={policy.updatedBy} /> },
            ]}
          />
        </Card>
        <Card title="Host-based services">
          <RuleList rules={policy.rules} />
        </Card>
      </div>
      <Card title="Storage compatibility">
        <RulesCompatibility rules={policy.rules} />
      </Card>
    </div>
  );
}

function By({ at, who }: { at: string; who: string }) {
  return (
    <>
      <Age at={at} />
      {` by ${who}`}
    </>
  );
}

function Rules({ policy }: { policy: PolicyView }) {
  return (
    <Section
      title="Host-based services"
      className="max-w-3xl"
      actions={
        <Button
          disabledReason={reasonOf(policy.actions.edit)}
          onClick={() => openDialog('policy', { policy: policy.id })}
        >
          Edit…
        </Button>
      }
    >
      <RuleList rules={policy.rules} />
    </Section>
  );
}

function RuleList({ rules }: { rules: readonly PolicyRule[] }) {
  const filters = useFilters();
  // Without them a property has its name for programs only.
  if (filters.isPending) return <Skeleton lines={rules.length * 3} />;
  return (
    <ul className="space-y-3">
      {rules.map(({ filterClass, provider, properties }) => (
        <li key={filterClass}>
          <p className="font-semibold">{`${FILTER_CLASSES[filterClass].label}: ${provider}`}</p>
          <PropertyList
            items={propertyItems(
              properties,
              filters.data?.find(({ name }) => name === provider),
            )}
          />
        </li>
      ))}
    </ul>
  );
}

function RulesCompatibility({ rules }: { rules: PolicyRule[] }) {
  const compatibility = useCompatibility(rules);
  return (
    <QueryState query={compatibility}>
      {(known) => <Compatibility compatibility={known} />}
    </QueryState>
  );
}

function Disks({ policy }: { policy: PolicyView }) {
  if (policy.assignments.length === 0) {
    return (
      <EmptyState title="No disk has this policy">
        Assign it on a virtual machine: Edit VM storage policies.
      </EmptyState>
    );
  }
  return (
    <table className="w-full max-w-3xl border-collapse">
      <thead>
        <tr className="border-b border-line text-left text-sm text-muted">
          <th className="py-1 pr-4 font-medium">Virtual machine</th>
          <th className="py-1 pr-4 font-medium">Disk</th>
          <th className="py-1 font-medium">Compliance</th>
        </tr>
      </thead>
      <tbody>
        {policy.assignments.map(({ vmId, vmName, diskKey, diskLabel, compliance }) => (
          <tr key={`${vmId} ${diskKey}`} className="h-row border-b border-line">
            <td className="pr-4">
              <ObjectLink id={vmId} name={vmName} />
            </td>
            <td className="pr-4">{diskLabel}</td>
            <td>
              <ComplianceBadge compliance={complianceOf(compliance)} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
