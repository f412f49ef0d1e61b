'use client';
// Where the files of a clone go, and how they take their space. Props: `vm`, `datastores`, `draft`,
// `set`.
import type { Verdict } from '#lib/model/verdict.ts';
import type { DatastoreSummary } from '#lib/wire/api/datastores.ts';
import type { VmView } from '#lib/wire/api/inventory.ts';
import { PROVISIONING_OPTIONS } from '../disks/disk-words.ts';
import { type StorageRow, StorageTargetTable } from '../migration/storage-target-table.tsx';
import { Select } from '../ui/forms/select.tsx';
import type { CloneStepProps } from './clone-kind-step.tsx';

export interface CloneStorageStepProps extends CloneStepProps {
  datastores: readonly DatastoreSummary[];
}

export function CloneStorageStep({ vm, datastores, draft, set }: CloneStorageStepProps) {
  return (
    <>
      <StorageTargetTable
        rows={datastores.map((datastore) => rowOf(vm, datastore))}
        chosen={draft.datastoreId}
        onChoose={(datastoreId) => set({ datastoreId })}
      />
      {draft.kind !== 'linked' && (
        <div className="max-w-sm">
          <Select
            label="Provisioning of the copies"
            value={draft.provisioning}
            options={[
              { value: 'same', label: 'As each disk of the source has it' },
              ...PROVISIONING_OPTIONS,
            ]}
            onChange={(provisioning) => set({ provisioning })}
          />
        </div>
      )}
    </>
  );
}

/** The source's host copies, so it must reach the place; the verdict on all of it says the rest. */
function rowOf(vm: VmView, { hosts, ...datastore }: DatastoreSummary): StorageRow {
  const mount = hosts.find(({ id }) => id === vm.host.id);
  return { ...datastore, verdict: mount?.accessible ? POSSIBLE : refused(vm, mount !== undefined) };
}

const POSSIBLE: Verdict = { allowed: true, reasons: [], warnings: [] };

function refused({ host }: VmView, isMounted: boolean): Verdict {
  const message = isMounted
    ? `${host.name}, which copies, cannot reach it.`
    : `${host.name}, which copies, does not mount it.`;
  return { allowed: false, reasons: [{ fault: 'InvalidDatastore', message }], warnings: [] };
}
