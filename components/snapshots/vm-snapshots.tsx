'use client';
// The Snapshots tab of a VM: the tree with the present state in it, and what is picked there at the
// right, with everything that can be done to it.
// Props: `vm`. What is picked stands in `?point=`.
import { Camera, CircleDot, Link2 } from 'lucide-react';
import { openDialog } from '#components/shell/dialog-url.ts';
import type { VmView } from '#lib/wire/api/inventory.ts';
import type { SnapshotView } from '#lib/wire/api/vm-operations.ts';
import { Age } from '../ui/age.tsx';
import { Button } from '../ui/button.tsx';
import { Section } from '../ui/card.tsx';
import { classNames } from '../ui/class-names.ts';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { EmptyState } from '../ui/states/empty-state.tsx';
import { useUrlParam } from '../ui/use-url-param.ts';
import { SnapshotDetails } from './snapshot-details.tsx';
import { HERE, type SnapshotRow, snapshotRows } from './snapshot-tree.ts';

const INDENT_PIXELS = 20;

export function VmSnapshots({ vm }: { vm: VmView }) {
  const [picked, pick] = useUrlParam('point', HERE);
  const rows = snapshotRows(vm.snapshots, vm.currentSnapshotId);
  const row = rows.find(({ id }) => id === picked) ?? rows.find(({ id }) => id === HERE);
  if (vm.snapshots.length === 0) {
    return (
      <EmptyState icon={Camera} title={`${vm.name} has no snapshots`} action={<Take vm={vm} />}>
        A snapshot keeps all disks as they are at one moment, also while the virtual machine runs.
        You can revert to it, or make a linked clone of it. Delete it when you no longer need it: it
        takes space for everything that is written after it.
      </EmptyState>
    );
  }
  return (
    <Section title="Snapshots" actions={<Toolbar vm={vm} />}>
      <div className="grid gap-6 lg:grid-cols-[minmax(16rem,24rem)_minmax(0,1fr)]">
        <ul aria-label={`Snapshots of ${vm.name}`} className="space-y-0.5">
          {rows.map((one) => (
            <Row key={one.id} row={one} picked={one.id === row?.id} onPick={() => pick(one.id)} />
          ))}
        </ul>
        {row && <SnapshotDetails vm={vm} snapshot={row.snapshot} />}
      </div>
    </Section>
  );
}

function Take({ vm }: { vm: VmView }) {
  return (
    <Button
      variant="primary"
      disabledReason={reasonOf(vm.actions.createSnapshot)}
      onClick={() => openDialog('takeSnapshot', { vm: vm.id })}
    >
      Take snapshot…
    </Button>
  );
}

function Toolbar({ vm }: { vm: VmView }) {
  return (
    <>
      <Take vm={vm} />
      <Button
        variant="danger"
        disabledReason={reasonOf(vm.actions.removeAllSnapshots)}
        onClick={() => openDialog('removeSnapshot', { vm: vm.id, scope: 'all' })}
      >
        Delete all…
      </Button>
    </>
  );
}

interface RowProps {
  row: SnapshotRow;
  picked: boolean;
  onPick: () => void;
}

function Row({ row: { depth, snapshot }, picked, onPick }: RowProps) {
  return (
    <li style={{ paddingLeft: depth * INDENT_PIXELS }} className="relative">
      {depth > 0 && (
        <span
          aria-hidden
          className="absolute top-0 h-1/2 w-2.5 rounded-bl-sm border-b border-l border-line-strong"
          style={{ left: depth * INDENT_PIXELS - 10 }}
        />
      )}
      <button
        type="button"
        aria-current={picked ? 'true' : undefined}
        onClick={onPick}
        className={classNames(
          'flex min-h-row w-full items-center gap-2 rounded-md px-2 py-1 text-left',
          picked ? 'bg-selected font-semibold' : 'hover:bg-hover',
        )}
      >
        {snapshot ? <SnapshotFace snapshot={snapshot} /> : <Here />}
      </button>
    </li>
  );
}

function Here() {
  return (
    <>
      <CircleDot aria-hidden size={15} className="shrink-0 text-accent" />
      You are here
    </>
  );
}

function SnapshotFace({ snapshot }: { snapshot: SnapshotView }) {
  const clones = snapshot.linkedClones.length;
  return (
    <>
      <Camera aria-hidden size={15} className="shrink-0 text-muted" />
      <span className="min-w-0 truncate">{snapshot.name}</span>
      {clones > 0 && (
        <span title="Linked clones build on it" className="inline-flex shrink-0 items-center">
          <Link2 aria-hidden size={14} />
          <span className="sr-only">Linked clones build on it: </span>
          {clones}
        </span>
      )}
      <span className="ml-auto shrink-0 text-sm font-normal text-muted">
        <Age at={snapshot.createdAt} />
      </span>
    </>
  );
}
