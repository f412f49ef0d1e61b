'use client';
// Related objects of a VM: its host, cluster, datastores and storage policies, each once.
// Props: `vm`.
import type { Named, VmView } from '#lib/wire/api/inventory.ts';
import { ObjectLink } from '../objects/object-link.tsx';
import { PropertyList } from '../ui/property-list.tsx';

export function VmRelated({ vm }: { vm: VmView }) {
  const datastores = onceEach([vm.datastore, ...vm.disks.map(({ datastore }) => datastore)]);
  const policies = onceEach(vm.disks.flatMap(({ policy }) => (policy ? [policy] : [])));
  return (
    <div className="max-w-3xl">
      <PropertyList
        items={[
          { label: 'Host', value: <ObjectLink {...vm.host} /> },
          { label: 'Cluster', value: vm.cluster && <ObjectLink {...vm.cluster} /> },
          { label: 'Datastores', value: <Links objects={datastores} /> },
          { label: 'VM storage policies', value: <Links objects={policies} /> },
        ]}
      />
    </div>
  );
}

function Links({ objects }: { objects: Named[] }) {
  if (objects.length === 0) return <span className="text-muted">None</span>;
  return (
    <ul>
      {objects.map((object) => (
        <li key={object.id}>
          <ObjectLink {...object} />
        </li>
      ))}
    </ul>
  );
}

function onceEach(objects: Named[]): Named[] {
  return [...new Map(objects.map((object) => [object.id, object])).values()];
}
