'use client';
// Configure › Virtual flash resources of a cluster: those of its hosts side by side.
// Props: `clusterId`.
import { useClusterFlash } from '#lib/client/use-inventory.ts';
import { formatBytes } from '../format/quantities.ts';
import { ObjectLink } from '../objects/object-link.tsx';
import { Badge } from '../ui/badge.tsx';
import { Section } from '../ui/card.tsx';
import { QueryState } from '../ui/states/query-state.tsx';
import { dirtyBytesOf, FLASH_STATES } from './flash-words.ts';

const HEADERS = ['State', 'Capacity', 'Reserved', 'Not yet on the disks', 'Disks'];

export function ClusterFlash({ clusterId }: { clusterId: string }) {
  return (
    <Section
      title="Virtual flash resources"
      description="Each is managed on its host, under Configure."
    >
      <QueryState query={useClusterFlash(clusterId)} lines={4}>
        {({ hosts }) => (
          <table className="w-full max-w-4xl border-collapse">
            <thead>
              <tr className="border-b border-line text-left text-sm text-muted">
                <th className="py-1 pr-4 font-medium">Host</th>
                {HEADERS.map((header) => (
                  <th key={header} className="py-1 pr-4 font-medium">
                    {header}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {hosts.map((flash) => {
                const { host, state, message, capacityBytes, usedBytes, contents } = flash;
                const { tone, label } = FLASH_STATES[state];
                return (
                  <tr key={host.id} className="h-row border-b border-line">
                    <td className="pr-4">
                      <ObjectLink {...host} />
                    </td>
                    <td className="pr-4">
                      <Badge tone={tone} subtle>
                        {message || label}
                      </Badge>
                    </td>
                    <td className="pr-4">{formatBytes(capacityBytes)}</td>
                    <td className="pr-4">{formatBytes(usedBytes)}</td>
                    <td className="pr-4">{formatBytes(dirtyBytesOf(flash))}</td>
                    <td>{contents.length}</td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        )}
      </QueryState>
    </Section>
  );
}
