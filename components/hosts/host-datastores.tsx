'use client';
// Configure › Datastores of a host: which it has mounted, and whether it can reach them. Props:
// `host`.
import { Database } from 'lucide-react';
import { openDialog } from '#components/shell/dialog-url.ts';
import type { HostView } from '#lib/wire/api/inventory.ts';
import { DATASTORE_TYPES } from '../datastores/datastore-words.ts';
import { ObjectLink } from '../objects/object-link.tsx';
import { Badge } from '../ui/badge.tsx';
import { Button } from '../ui/button.tsx';
import { Section } from '../ui/card.tsx';
import { EmptyState } from '../ui/states/empty-state.tsx';

export function HostDatastores({ host }: { host: HostView }) {
  if (host.datastores.length === 0)
    return <EmptyState icon={Database} title="No datastores are mounted on this host" />;
  return (
    <Section
      title="Datastores"
      actions={
        <Button onClick={() => openDialog('createDatastore', { host: host.id })}>
          Create a datastore…
        </Button>
      }
    >
      <table className="w-full max-w-3xl border-collapse">
        <thead>
          <tr className="border-b border-line text-left text-sm text-muted">
            <th className="py-1 pr-4 font-medium">Name</th>
            <th className="py-1 pr-4 font-medium">Type</th>
            <th className="py-1 font-medium">State</th>
          </tr>
        </thead>
        <tbody>
          {host.datastores.map(({ id, name, type, accessible, message }) => (
            <tr key={id} className="h-row border-b border-line">
              <td className="pr-4">
                <ObjectLink id={id} name={name} />
              </td>
              <td className="pr-4">{DATASTORE_TYPES[type].label}</td>
              <td>
                <Badge tone={accessible ? 'ok' : 'bad'} subtle>
                  {accessible ? 'Accessible' : message || 'Not accessible'}
                </Badge>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  );
}
