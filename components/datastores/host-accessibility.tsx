'use client';
// Configure › Hosts of a datastore: which mount it and reach it, which could mount it, and both
// ways of changing that. Props: `datastore`.
import { openDialog } from '#components/shell/dialog-url.ts';
import type { DatastoreView } from '#lib/wire/api/datastores.ts';
import { ObjectLink } from '../objects/object-link.tsx';
import { Badge } from '../ui/badge.tsx';
import { Button } from '../ui/button.tsx';
import { Section } from '../ui/card.tsx';
import { reasonOf } from '../ui/disabled-reason.tsx';

export function HostAccessibility({ datastore }: { datastore: DatastoreView }) {
  const { id, hosts, otherHosts, unmountActions } = datastore;
  const to = (host: string, change: string) =>
    openDialog('mountDatastore', { datastore: id, host, to: change });
  return (
    <Section
      title="Hosts"
      description="Virtual machines can run on a host only when it reaches all of their datastores."
    >
      <table className="w-full max-w-3xl border-collapse">
        <thead>
          <tr className="border-b border-line text-left text-sm text-muted">
            <th className="py-1 pr-4 font-medium">Host</th>
            <th className="py-1 pr-4 font-medium">State</th>
            <th className="py-1">
              <span className="sr-only">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {hosts.map(({ id: hostId, name, accessible, message }) => (
            <tr key={hostId} className="h-row border-b border-line">
              <td className="pr-4">
                <ObjectLink id={hostId} name={name} />
              </td>
              <td className="pr-4">
                <Badge tone={accessible ? 'ok' : 'bad'} subtle>
                  {accessible ? 'Accessible' : message || 'Not accessible'}
                </Badge>
              </td>
              <td className="py-1 text-right">
                <Button
                  size="small"
                  aria-label={`Unmount on ${name}…`}
                  disabledReason={reasonOf(unmountActions[hostId])}
                  onClick={() => to(hostId, 'unmount')}
                >
                  Unmount…
                </Button>
              </td>
            </tr>
          ))}
          {otherHosts.map(({ id: hostId, name, verdict }) => (
            <tr key={hostId} className="h-row border-b border-line">
              <td className="pr-4">
                <ObjectLink id={hostId} name={name} />
              </td>
              <td className="pr-4">
                <Badge tone="idle" subtle>
                  Not mounted
                </Badge>
              </td>
              <td className="py-1 text-right">
                <Button
                  size="small"
                  aria-label={`Mount on ${name}…`}
                  disabledReason={reasonOf(verdict)}
                  onClick={() => to(hostId, 'mount')}
                >
                  Mount…
                </Button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  );
}
