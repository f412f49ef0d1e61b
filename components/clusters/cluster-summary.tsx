'use client';
// Summary of a cluster: its hosts and their load, virtual machines, I/O filters and DRS at a
// glance.
// Props: `cluster`.
import Link from 'next/link';
import { useVmTotals } from '#lib/client/use-inventory.ts';
import type { ClusterView } from '#lib/wire/api/inventory.ts';
import { BEHAVIORS } from '../drs/drs-words.ts';
import { formatCount, formatMebibytes, formatNoun } from '../format/quantities.ts';
import { HostIcon, hostStateLabel } from '../hosts/host-state.tsx';
import { LabelsCard } from '../inventory/labels-card.tsx';
import { ObjectLink } from '../objects/object-link.tsx';
import { Badge } from '../ui/badge.tsx';
import { Card } from '../ui/card.tsx';
import { PropertyList } from '../ui/property-list.tsx';
import { ReasonList } from '../ui/reason-list.tsx';
import { installationSummary } from './host-filter-progress.tsx';

export function ClusterSummary({ cluster }: { cluster: ClusterView }) {
  const { hosts, drs, datacenter } = cluster;
  const { data: vms } = useVmTotals({ clusterId: cluster.id });
  const cores = hosts.reduce((sum, host) => sum + (host.cpuCores ?? 0), 0);
  const used = hosts.reduce((sum, host) => sum + host.cpuUsage, 0);
  const memory = hosts.reduce((sum, host) => sum + (host.memoryMib ?? 0), 0);
  const granted = hosts.reduce((sum, host) => sum + host.memoryGrantedMib, 0);
  return (
    <div className="grid items-start gap-4 xl:grid-cols-2">
      <Card title="Cluster">
        <PropertyList
          items={[
            { label: 'Datacenter', value: <ObjectLink {...datacenter} /> },
            { label: 'Hosts', value: formatNoun(hosts.length, 'host') },
            {
              label: 'Virtual machines',
              value: vms ? `${vms.total}, ${vms.poweredOn} powered on` : '–',
            },
            {
              label: 'With I/O filters',
              value: vms ? formatNoun(vms.filtered, 'virtual machine') : '–',
            },
            { label: 'CPU in use', value: `${formatCount(used)} of ${formatNoun(cores, 'core')}` },
            {
              label: 'Memory granted',
              value: `${formatMebibytes(granted)} of ${formatMebibytes(memory)}`,
            },
            {
              label: 'DRS',
              value: drs.enabled ? BEHAVIORS[drs.behavior].label : 'Off',
            },
          ]}
        />
      </Card>
      <div className="space-y-4">
        <FiltersCard cluster={cluster} />
        <LabelsCard id={cluster.id} />
        <Card title="Hosts">
          <ul className="divide-y divide-line">
            {hosts.map((host) => (
              <li key={host.id} className="py-1.5">
                <span className="flex flex-wrap items-center gap-2">
                  <HostIcon host={host} />
                  <ObjectLink id={host.id} name={host.name} />
                  <span className="text-muted">{hostStateLabel(host)}</span>
                  <span className="ml-auto text-muted">
                    {`${host.poweredOnVmCount} of ${formatNoun(host.vmCount, 'VM')} on`}
                  </span>
                </span>
                <div className="pl-6 text-warn">
                  <ReasonList reasons={host.issues} />
                </div>
              </li>
            ))}
          </ul>
        </Card>
      </div>
    </div>
  );
}

function FiltersCard({ cluster }: { cluster: ClusterView }) {
  const path = `/clusters/${cluster.id}?tab=configure&section=io-filters`;
  return (
    <Card title="I/O filters" actions={<Link href={path}>Configure</Link>}>
      {cluster.filters.length === 0 ? (
        <p className="text-muted">
          None installed. <Link href={path}>Install the first one.</Link>
        </p>
      ) : (
        <ul className="divide-y divide-line">
          {cluster.filters.map((filter) => {
            const { label, tone } = installationSummary(filter);
            return (
              <li key={filter.filterId} className="flex flex-wrap items-center gap-2 py-1.5">
                <span className="font-medium">{`${filter.name} ${filter.version}`}</span>
                <Badge tone={tone} subtle>
                  {label}
                </Badge>
                <span className="ml-auto text-muted">
                  {`In use by ${formatNoun(filter.disksInUse.length, 'disk')}`}
                </span>
              </li>
            );
          })}
        </ul>
      )}
    </Card>
  );
}
