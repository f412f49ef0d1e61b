'use client';
// The first step of cloning: name, kind, and the state that is copied. Props: `vm`, `draft`, `set`.
import type { VmView } from '#lib/wire/api/inventory.ts';
import { formatMoment } from '../format/times.ts';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { RadioGroup } from '../ui/forms/radio-group.tsx';
import { Select } from '../ui/forms/select.tsx';
import { TextField } from '../ui/forms/text-field.tsx';
import { type CloneDraft, nameProblem } from './clone-draft.ts';

export interface CloneStepProps {
  vm: VmView;
  draft: CloneDraft;
  set: (changes: Partial<CloneDraft>) => void;
}

/** Stands for the present state in a select, whose values are texts. */
const PRESENT = 'present';

export function CloneKindStep({ vm, draft, set }: CloneStepProps) {
  const wrong = draft.name === '' ? null : nameProblem(draft.name);
  return (
    <>
      <TextField
        label="Name"
        required
        autoFocus
        value={draft.name}
        error={wrong ?? undefined}
        onChange={(name) => set({ name })}
      />
      <RadioGroup
        label="Kind"
        value={draft.kind}
        options={kindOptions(vm)}
        onChange={(kind) =>
          set({
            kind,
            ...(kind === 'linked' && {
              snapshotId: draft.snapshotId ?? vm.currentSnapshotId ?? vm.snapshots[0]?.id ?? null,
            }),
          })
        }
      />
      {vm.snapshots.length > 0 && (
        <Select
          label={draft.kind === 'linked' ? 'Snapshot that it builds on' : 'State that is copied'}
          value={draft.snapshotId === null ? PRESENT : String(draft.snapshotId)}
          options={[
            ...(draft.kind === 'linked'
              ? []
              : [{ value: PRESENT, label: 'The present state', help: presentHelp(vm) }]),
            ...vm.snapshots.map(({ id, name, createdAt }) => ({
              value: String(id),
              label: name,
              help: `Taken ${formatMoment(createdAt)}`,
            })),
          ]}
          onChange={(value) => set({ snapshotId: value === PRESENT ? null : Number(value) })}
        />
      )}
    </>
  );
}

function kindOptions({ isTemplate, actions }: VmView) {
  const clone = reasonOf(actions.clone);
  return [
    {
      value: 'vm' as const,
      label: isTemplate ? 'Virtual machine' : 'Full clone',
      help: 'A copy of all disks, which depends on nothing.',
      disabledReason: clone,
    },
    {
      value: 'linked' as const,
      label: 'Linked clone',
      help: 'Builds on a snapshot: made at once, and takes space for what it writes alone.',
      disabledReason: reasonOf(actions.createLinkedClone),
    },
    {
      value: 'template' as const,
      label: 'Template',
      help: 'A copy that cannot be powered on, from which virtual machines are deployed.',
      disabledReason: clone,
    },
  ];
}

function presentHelp({ powerState }: VmView): string | undefined {
  return powerState === 'poweredOn'
    ? 'A snapshot is taken to copy from, and deleted after; clients stay connected.'
    : undefined;
}
