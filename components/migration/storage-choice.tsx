'use client';
// The datastore that a VM moves to, and how its disks take their space there; for all of it, or for
// each disk.
// Props: `vm`, `query` (storage targets), `withHost` (the host moves too, so that the verdicts are
// those of the whole move alone), `draft`, `onChange`.
import type { VmView } from '#lib/wire/api/inventory.ts';
import type { StorageTarget } from '#lib/wire/api/vm-operations.ts';
import { PROVISIONING_OPTIONS } from '../disks/disk-words.ts';
import { formatBytes } from '../format/quantities.ts';
import { Checkbox } from '../ui/forms/checkbox.tsx';
import { Select } from '../ui/forms/select.tsx';
import { QueryState } from '../ui/states/query-state.tsx';
import { DiskPlaces } from './disk-places.tsx';
import { placesFrom, type StorageDraft } from './relocate-input.ts';
import { type StorageRow, StorageTargetTable } from './storage-target-table.tsx';

export interface StorageChoiceProps {
  vm: VmView;
  query: {
    data: { targets: StorageTarget[] } | undefined;
    error: unknown;
    refetch: () => unknown;
  };
  withHost: boolean;
  draft: StorageDraft;
  onChange: (draft: StorageDraft) => void;
}

export function StorageChoice({ vm, query, withHost, draft, onChange }: StorageChoiceProps) {
  return (
    <>
      <Checkbox
        label="Configure per disk"
        help="Each disk and the home with a datastore of its own, or as they are."
        checked={draft.places !== null}
        onChange={(perDisk) =>
          onChange({ ...draft, places: perDisk ? placesFrom(vm, draft) : null })
        }
      />
      <QueryState query={query}>
        {({ targets }) =>
          draft.places ? (
            <DiskPlaces
              vm={vm}
              targets={targets}
              places={draft.places}
              onChange={(places) => onChange({ ...draft, places })}
            />
          ) : (
            <StorageTargetTable
              rows={targets.map((target) => rowOf(target, withHost))}
              chosen={draft.datastoreId}
              onChoose={(datastoreId) => onChange({ ...draft, datastoreId })}
            />
          )
        }
      </QueryState>
      {!draft.places && <Provisioning vm={vm} draft={draft} onChange={onChange} />}
    </>
  );
}

type ProvisioningProps = Pick<StorageChoiceProps, 'vm' | 'draft' | 'onChange'>;

function Provisioning({ vm, draft, onChange }: ProvisioningProps) {
  const bytes = vm.disks.reduce((sum, disk) => sum + (disk.usedBytes ?? disk.capacityBytes), 0);
  return (
    <div className="max-w-sm">
      <Select
        label="Provisioning of the copies"
        value={draft.provisioning}
        help={`About ${formatBytes(bytes)} are copied.`}
        options={[{ value: 'same', label: 'As each disk has it now' }, ...PROVISIONING_OPTIONS]}
        onChange={(provisioning) => onChange({ ...draft, provisioning })}
      />
    </div>
  );
}

/** With a change of host the present one may not reach the datastore: the whole move is judged. */
function rowOf(target: StorageTarget, withHost: boolean): StorageRow {
  const { datastore, type, capacityBytes, freeBytes, current, verdict } = target;
  const row = { ...datastore, type, capacityBytes, freeBytes };
  if (current) return { ...row, note: 'It is here', verdict };
  return { ...row, verdict: withHost ? { ...verdict, allowed: true, reasons: [] } : verdict };
}
