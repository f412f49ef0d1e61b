'use client';
// One disk of a VM: where it lies, its filters, its NBD addresses, and commands to reach it with
// real clients.
// Props: `disk`, `vm`.
import type { DiskView, VmView } from '#lib/wire/api/inventory.ts';
import { ClientCommandList } from '../clients/client-command-list.tsx';
import { DiskEncryption } from '../disks/disk-encryption.tsx';
import { formatBytes, formatNoun } from '../format/quantities.ts';
import { ObjectLink } from '../objects/object-link.tsx';
import { Card } from '../ui/card.tsx';
import { CopyText } from '../ui/copy-text.tsx';
import { PropertyList } from '../ui/property-list.tsx';
import { FilterChain } from './filter-chain.tsx';

export function DiskCard({ disk, vm }: { disk: DiskView; vm: VmView }) {
  const off = <span className="text-muted">None while powered off</span>;
  return (
    <Card title={`${disk.label} (${disk.unit}), ${formatBytes(disk.capacityBytes)}`}>
      <div className="grid gap-6 xl:grid-cols-2">
        <PropertyList
          items={[
            { label: 'Filters', value: <FilterChain filters={disk.filters} /> },
            { label: 'Encryption', value: <DiskEncryption disk={disk} vm={vm} /> },
            {
              label: 'NBD address',
              value: disk.nbdUri ? <CopyText text={disk.nbdUri} label="NBD address" /> : off,
              help: vm.powerState === 'poweredOn' ? 'For clients on this machine.' : undefined,
            },
            {
              label: 'On the host itself',
              value: disk.nbdUnixUri ? (
                <CopyText text={disk.nbdUnixUri} label="address of the unix socket" />
              ) : (
                off
              ),
            },
            { label: 'Clients', value: formatNoun(disk.connections, 'connection') },
            { label: 'Datastore', value: <ObjectLink {...disk.datastore} /> },
            { label: 'Descriptor', value: <CopyText text={disk.path} label="path" /> },
          ]}
        />
        <details open={disk.key === vm.disks[0]?.key}>
          <summary className="mb-2 cursor-pointer font-semibold select-none">
            Connect with a real client
          </summary>
          <ClientCommandList disk={disk} />
        </details>
      </div>
    </Card>
  );
}
