'use client';
// One snapshot, or the present state, in full: what it is, what builds on it, what can be done.
// Props: `vm`, `snapshot` (null: the present state).
import { openDialog } from '#components/shell/dialog-url.ts';
import type { VmView } from '#lib/wire/api/inventory.ts';
import type { SnapshotView } from '#lib/wire/api/vm-operations.ts';
import { powerLabel } from '#lib/wire/api/vms/vm-columns.ts';
import { formatBytes } from '../format/quantities.ts';
import { formatMoment } from '../format/times.ts';
import { ObjectLink } from '../objects/object-link.tsx';
import { Badge } from '../ui/badge.tsx';
import { Button } from '../ui/button.tsx';
import { Card } from '../ui/card.tsx';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { PropertyList } from '../ui/property-list.tsx';

export interface SnapshotDetailsProps {
  vm: VmView;
  snapshot: SnapshotView | null;
}

export function SnapshotDetails({ vm, snapshot }: SnapshotDetailsProps) {
  return snapshot ? <Details vm={vm} snapshot={snapshot} /> : <Present vm={vm} />;
}

function Present({ vm }: { vm: VmView }) {
  const base = vm.snapshots.find(({ id }) => id === vm.currentSnapshotId);
  return (
    <Card
      title="You are here"
      actions={
        <Button
          size="small"
          disabledReason={reasonOf(vm.actions.revertToCurrentSnapshot)}
          onClick={() =>
            openDialog('revertSnapshot', { vm: vm.id, snapshot: String(vm.currentSnapshotId) })
          }
        >
          Revert to latest snapshot…
        </Button>
      }
    >
      <PropertyList
        items={[
          { label: 'State', value: powerLabel(vm) },
          { label: 'Descends from', value: base?.name },
          {
            label: 'Space',
            value:
              vm.usedBytes === null
                ? 'Not known yet'
                : `${formatBytes(vm.usedBytes)}, all disks with their snapshots`,
          },
          {
            label: 'Writes go to',
            value: <DiskFiles disks={vm.disks} />,
          },
        ]}
      />
    </Card>
  );
}

function Details({ vm, snapshot }: { vm: VmView; snapshot: SnapshotView }) {
  const { name, description, createdAt, quiesced, current, disks, linkedClones } = snapshot;
  return (
    <Card title={name} actions={<Actions vm={vm} snapshot={snapshot} />}>
      <PropertyList
        items={[
          { label: 'Taken', value: formatMoment(createdAt) },
          { label: 'Description', value: description || null },
          {
            label: 'Quiesced',
            value: quiesced ? 'Yes: the filters made the disks consistent first' : 'No',
          },
          {
            label: 'Memory',
            value: 'Not kept: a snapshot holds disks, no running state',
          },
          {
            label: 'Latest',
            value: current ? (
              <Badge tone="info">The present state descends from it</Badge>
            ) : (
              'No: the present state is on another branch, or further on'
            ),
          },
          { label: 'Disks', value: <DiskFiles disks={disks} /> },
          {
            label: 'Linked clones',
            value:
              linkedClones.length === 0 ? null : (
                <ul>
                  {linkedClones.map((clone) => (
                    <li key={clone.id}>
                      <ObjectLink {...clone} />
                    </li>
                  ))}
                </ul>
              ),
            help: linkedClones.length > 0 ? 'They hold this snapshot until deleted.' : undefined,
          },
        ]}
      />
    </Card>
  );
}

function Actions({ vm, snapshot: { id, actions } }: { vm: VmView; snapshot: SnapshotView }) {
  const target = { vm: vm.id, snapshot: String(id) };
  return (
    <>
      <Button
        size="small"
        disabledReason={reasonOf(actions.revert)}
        onClick={() => openDialog('revertSnapshot', target)}
      >
        Revert…
      </Button>
      <Button
        size="small"
        disabledReason={reasonOf(actions.rename)}
        onClick={() => openDialog('renameSnapshot', target)}
      >
        Rename…
      </Button>
      <Button
        size="small"
        disabledReason={reasonOf(vm.actions.clone)}
        onClick={() => openDialog('clone', { ...target, to: 'vm' })}
      >
        Clone…
      </Button>
      <Button
        size="small"
        disabledReason={reasonOf(actions.createLinkedClone)}
        onClick={() => openDialog('clone', { ...target, to: 'linked' })}
      >
        Linked clone…
      </Button>
      <Button
        size="small"
        variant="danger"
        disabledReason={reasonOf(actions.remove)}
        onClick={() => openDialog('removeSnapshot', { ...target, scope: 'one' })}
      >
        Delete…
      </Button>
      <Button
        size="small"
        variant="danger"
        disabledReason={reasonOf(actions.removeWithChildren)}
        onClick={() => openDialog('removeSnapshot', { ...target, scope: 'children' })}
      >
        Delete with children…
      </Button>
    </>
  );
}

function DiskFiles({ disks }: { disks: readonly { key: number; path: string }[] }) {
  return (
    <ul>
      {disks.map(({ key, path }) => (
        <li key={key}>
          <code className="font-mono text-sm break-all">{path}</code>
        </li>
      ))}
    </ul>
  );
}
