'use client';
// Summary of a host: what it is, how loaded, and the virtual machines on it. Props: `host`.
import { traitsOf } from '#lib/rules/hosts/host-version.ts';
import type { HostView } from '#lib/wire/api/inventory.ts';
import { powerLabel } from '#lib/wire/api/vms/vm-columns.ts';
import { levelText } from '../depot/vib-details.tsx';
import { formatCount, formatMebibytes, formatNoun } from '../format/quantities.ts';
import { LabelsCard } from '../inventory/labels-card.tsx';
import { ObjectLink } from '../objects/object-link.tsx';
import { Age } from '../ui/age.tsx';
import { Card } from '../ui/card.tsx';
import { CopyText } from '../ui/copy-text.tsx';
import { ProgressBar } from '../ui/progress-bar.tsx';
import { PropertyList } from '../ui/property-list.tsx';
import { VmIcon } from '../vms/vm-state.tsx';
import { hostStateLabel } from './host-state.tsx';

export function HostSummaryTab({ host }: { host: HostView }) {
  const filters = host.vibs.filter(({ filterId }) => filterId !== null);
  return (
    <div className="grid items-start gap-4 xl:grid-cols-2">
      <Card title="Host">
        <PropertyList
          items={[
            {
              label: 'State',
              value: hostStateLabel(host),
              help: host.connectionReason || undefined,
            },
            {
              label: 'Cluster',
              value: host.cluster ? <ObjectLink {...host.cluster} /> : 'None, a standalone host',
            },
            {
              label: 'Version',
              value: [versionText(host), host.build && `build ${host.build}`]
                .filter(Boolean)
                .join(', '),
              help: versionHelp(host),
            },
            { label: 'Acceptance level', value: levelText(host.acceptanceLevel) },
            {
              label: 'I/O filters',
              value: filters.map(({ filterName }) => filterName).join(', ') || null,
            },
            {
              label: 'Agent',
              value: <CopyText text={host.agentUrl} label="address of the agent" />,
            },
            { label: 'Last seen', value: <Age at={host.lastSeenAt} /> },
          ]}
        />
      </Card>
      <div className="space-y-4">
        <Card title="Load">
          <Usage
            label="CPU in use"
            used={host.cpuUsage}
            total={host.cpuCores}
            format={(value) => formatCount(value)}
            unit="cores"
          />
          <Usage
            label="Memory granted"
            used={host.memoryGrantedMib}
            total={host.memoryMib}
            format={formatMebibytes}
          />
        </Card>
        <LabelsCard id={host.id} />
        <Card title={`Virtual machines (${formatCount(host.vmCount)})`}>
          {host.vms.length === 0 && (
            <p className="text-muted">No virtual machine is on this host.</p>
          )}
          <ul className="divide-y divide-line">
            {host.vms.map((vm) => (
              <li key={vm.id} className="flex items-center gap-2 py-1.5">
                <VmIcon vm={vm} />
                <ObjectLink id={vm.id} name={vm.name} />
                <span className="text-muted">{powerLabel(vm)}</span>
                <span className="ml-auto text-muted">{formatNoun(vm.diskCount, 'disk')}</span>
              </li>
            ))}
          </ul>
          {host.vmCount > host.vms.length && (
            <p className="pt-2 text-muted">
              {`${formatCount(host.vmCount - host.vms.length)} more; Related lists all of them.`}
            </p>
          )}
        </Card>
      </div>
    </div>
  );
}

function versionText(host: HostView): string | null {
  return traitsOf(host)?.label ?? host.version;
}

/** What the version means for I/O filters. */
function versionHelp(host: HostView): string | undefined {
  const traits = traitsOf(host);
  if (!traits) return undefined;
  if (!traits.hasFilters) return 'Has no I/O filters; they need 6.0 Update 1.';
  if (traits.needsDrs) return 'Uses I/O filters only in a cluster with DRS enabled.';
  return `Takes filters of partners for ${traits.generation}.`;
}

interface UsageProps {
  label: string;
  used: number;
  total: number | null;
  format: (value: number) => string;
  unit?: string;
}

function Usage({ label, used, total, format, unit = '' }: UsageProps) {
  if (total === null) return <p className="text-muted">{`${label}: not reported yet`}</p>;
  return (
    <div className="mb-3 space-y-1">
      <p className="flex justify-between">
        <span>{label}</span>
        <span>{`${format(used)} of ${format(total)} ${unit}`.trim()}</span>
      </p>
      <ProgressBar
        value={total === 0 ? 0 : (used / total) * 100}
        label={label}
        tone={used > total * 0.9 ? 'warn' : 'accent'}
      />
    </div>
  );
}
