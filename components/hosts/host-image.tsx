'use client';
// Configure › Image of a host: acceptance level and the VIBs in it. Filters come by the cluster,
// never here.
// Props: `host`.
import { Package } from 'lucide-react';
import { FILTER_CLASSES } from '#lib/model/filter-class.ts';
import type { HostView } from '#lib/wire/api/inventory.ts';
import { levelText } from '../depot/vib-details.tsx';
import { ObjectLink } from '../objects/object-link.tsx';
import { Age } from '../ui/age.tsx';
import { Badge } from '../ui/badge.tsx';
import { Section } from '../ui/card.tsx';
import { PropertyList } from '../ui/property-list.tsx';
import { Banner } from '../ui/states/banner.tsx';
import { EmptyState } from '../ui/states/empty-state.tsx';

export function HostImage({ host }: { host: HostView }) {
  return (
    <div className="space-y-6">
      <FilterNote host={host} />
      <Section title="Image" className="max-w-3xl">
        <PropertyList
          items={[
            { label: 'Version', value: host.version },
            { label: 'Build', value: host.build },
            {
              label: 'Acceptance level',
              value: levelText(host.acceptanceLevel),
              help: 'A VIB of a lower level is refused.',
            },
          ]}
        />
      </Section>
      <Section title="Installed VIBs">
        {host.vibs.length === 0 ? (
          <EmptyState icon={Package} title="No VIBs are installed on this host" />
        ) : (
          <VibTable vibs={host.vibs} />
        )}
      </Section>
    </div>
  );
}

function FilterNote({ host }: { host: HostView }) {
  if (!host.cluster) {
    const reasons = host.actions.installFilter?.reasons ?? [];
    return <Banner tone="info" title="I/O filters are installed on clusters" reasons={reasons} />;
  }
  return (
    <Banner tone="info" title="I/O filters are installed on clusters">
      This host has the filters of <ObjectLink {...host.cluster} />; install and uninstall them
      there.
    </Banner>
  );
}

function VibTable({ vibs }: { vibs: HostView['vibs'] }) {
  return (
    <table className="w-full border-collapse">
      <thead>
        <tr className="border-b border-line text-left text-sm text-muted">
          <th className="py-1 pr-4 font-medium">Name</th>
          <th className="py-1 pr-4 font-medium">Vendor</th>
          <th className="py-1 pr-4 font-medium">Version</th>
          <th className="py-1 pr-4 font-medium">I/O filter</th>
          <th className="py-1 pr-4 font-medium">State</th>
          <th className="py-1 font-medium">Installed</th>
        </tr>
      </thead>
      <tbody>
        {vibs.map((vib) => (
          <tr key={vib.vibId} className="h-row border-b border-line">
            <td className="pr-4">{vib.name}</td>
            <td className="pr-4">{vib.vendor}</td>
            <td className="pr-4">{vib.version}</td>
            <td className="pr-4">
              {vib.filterName}
              {vib.filterClass ? `, ${FILTER_CLASSES[vib.filterClass].label}` : ''}
            </td>
            <td className="pr-4">
              <Badge tone={vib.available ? 'ok' : 'warn'} subtle>
                {vib.available ? 'Available' : 'Not available'}
              </Badge>
            </td>
            <td>
              <Age at={vib.installedAt} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
