'use client';
// The page of a VIB in the depot: its descriptor, who signed it, its files, where it is installed.
// Props: `id`.
import { Package, Trash2 } from 'lucide-react';
import { openDialog } from '#components/shell/dialog-url.ts';
import { ObjectPage } from '#components/shell/object-page.tsx';
import { useInventory } from '#lib/client/use-inventory.ts';
import { useDepotVibs } from '#lib/client/use-policies.ts';
import type { DepotVibView } from '#lib/wire/api/operations.ts';
import { ObjectEvents } from '../objects/object-history.tsx';
import { ObjectLink } from '../objects/object-link.tsx';
import { Age } from '../ui/age.tsx';
import { Badge } from '../ui/badge.tsx';
import { Button } from '../ui/button.tsx';
import { Card, Section } from '../ui/card.tsx';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { Menu } from '../ui/overlays/menu.tsx';
import { PropertyList } from '../ui/property-list.tsx';
import { StateIcon } from '../ui/state-icon.tsx';
import { EmptyState } from '../ui/states/empty-state.tsx';
import { QueryState } from '../ui/states/query-state.tsx';
import { acceptanceLabel, VibDetails, VibFiles, VibSigners } from './vib-details.tsx';

export function VibPage({ id }: { id: string }) {
  const vibs = useDepotVibs();
  return (
    <QueryState query={vibs} lines={12}>
      {(known) => {
        const vib = known.find((one) => one.id === id);
        return vib ? (
          <Page vib={vib} />
        ) : (
          <EmptyState icon={Package} title="This VIB is not in the depot any more" />
        );
      }}
    </QueryState>
  );
}

function Page({ vib }: { vib: DepotVibView }) {
  const { descriptor } = vib.inspection;
  return (
    <ObjectPage
      icon={<StateIcon icon={Package} mark="none" label="VIB" size={22} />}
      name={`${descriptor.name} ${descriptor.version}`}
      kind="VIB"
      state={<Badge tone="idle">{acceptanceLabel(descriptor.acceptanceLevel)}</Badge>}
      actions={
        <>
          <InstallMenu vib={vib} />
          <Button
            icon={<Trash2 size={13} />}
            disabledReason={reasonOf(vib.actions.delete)}
            onClick={() => openDialog('deleteVib', { vib: vib.id })}
          >
            Delete…
          </Button>
        </>
      }
      tabs={[
        { id: 'summary', label: 'Summary', content: <Summary vib={vib} /> },
        { id: 'monitor', label: 'Monitor', content: <ObjectEvents id={vib.id} /> },
        {
          id: 'configure',
          label: 'Configure',
          content: (
            <Section title="Files and checksums" className="max-w-4xl">
              <VibFiles vib={vib} />
            </Section>
          ),
        },
        { id: 'related', label: 'Related', content: <InstalledOn vib={vib} /> },
      ]}
    />
  );
}

/** A VIB installs on a cluster: which one is chosen here, the rest is the install dialog's. */
function InstallMenu({ vib }: { vib: DepotVibView }) {
  const inventory = useInventory();
  const clusters = (inventory.data?.nodes ?? []).filter(({ kind }) => kind === 'cluster');
  const none = vib.inspection.filter ? null : 'This VIB brings no I/O filter.';
  if (none || clusters.length === 0) {
    return <Button disabledReason={none ?? 'There is no cluster.'}>Install…</Button>;
  }
  return (
    <Menu
      trigger={<Button variant="primary">Install…</Button>}
      items={[
        { heading: 'On the cluster' },
        ...clusters.map(({ id, name }) => ({
          id,
          label: name,
          onSelect: () => openDialog('installFilter', { cluster: id, vib: vib.id }),
        })),
      ]}
    />
  );
}

function Summary({ vib }: { vib: DepotVibView }) {
  const { descriptor } = vib.inspection;
  const relations = (list: typeof descriptor.depends): string =>
    list.map((one) => [one.name, one.relation, one.version].filter(Boolean).join(' ')).join(', ');
  return (
    <div className="grid gap-4 xl:grid-cols-2">
      <Card title="VIB">
        <VibDetails vib={vib} />
      </Card>
      <div className="space-y-4">
        <Card title="Signed by">
          <VibSigners vib={vib} />
        </Card>
        <Card title="Descriptor">
          <PropertyList
            items={[
              { label: 'Description', value: descriptor.description || null },
              { label: 'Type', value: descriptor.type },
              { label: 'Depends on', value: relations(descriptor.depends) || null },
              { label: 'Conflicts with', value: relations(descriptor.conflicts) || null },
              { label: 'Replaces', value: relations(descriptor.replaces) || null },
              { label: 'Tags', value: descriptor.softwareTags.join(', ') || null },
              {
                label: 'Live install',
                value: descriptor.liveInstallAllowed ? 'Allowed' : 'Not allowed',
              },
              {
                label: 'Live removal',
                value: descriptor.liveRemoveAllowed ? 'Allowed' : 'Not allowed',
              },
              {
                label: 'Added',
                value: (
                  <>
                    <Age at={vib.addedAt} />
                    {` by ${vib.addedBy}`}
                  </>
                ),
              },
            ]}
          />
        </Card>
      </div>
    </div>
  );
}

function InstalledOn({ vib }: { vib: DepotVibView }) {
  if (vib.installedOn.length === 0)
    return <EmptyState title="It is not installed on any cluster" />;
  return (
    <ul>
      {vib.installedOn.map((cluster) => (
        <li key={cluster.id}>
          <ObjectLink {...cluster} />
        </li>
      ))}
    </ul>
  );
}
