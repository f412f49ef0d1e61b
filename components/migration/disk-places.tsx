'use client';
// "Configure per disk" of a storage migration: a datastore for the home and for each disk, and how
// each copy takes its space. What is left as it is does not move.
// Props: `vm`, `targets` (every datastore), `places`, `onChange`.
import type { VmView } from '#lib/wire/api/inventory.ts';
import type { StorageTarget } from '#lib/wire/api/vm-operations.ts';
import { typeLabel } from '../datastores/datastore-words.ts';
import { PROVISIONING_OPTIONS } from '../disks/disk-words.ts';
import { formatBytes } from '../format/quantities.ts';
import { Select, type SelectOption } from '../ui/forms/select.tsx';
import { ScrollArea } from '../ui/scroll-area.tsx';
import type { DiskPlace, StoragePlaces } from './relocate-input.ts';

export interface DiskPlacesProps {
  vm: VmView;
  targets: readonly StorageTarget[];
  places: StoragePlaces;
  onChange: (places: StoragePlaces) => void;
}

const CELL = 'py-1.5 pr-4';

export function DiskPlaces({ vm, targets, places, onChange }: DiskPlacesProps) {
  const change = (key: number, chosen: Partial<DiskPlace>) =>
    onChange({
      ...places,
      disks: places.disks.map((disk) => (disk.key === key ? { ...disk, ...chosen } : disk)),
    });
  return (
    <ScrollArea label="Places of the disks">
      <table className="w-full min-w-[40rem] border-collapse">
        <thead>
          <tr className="border-b border-line text-left text-sm text-muted">
            <th className="py-1 pr-4 font-medium">File</th>
            <th className="w-28 py-1 pr-4 text-right font-medium">Size</th>
            <th className="w-56 py-1 pr-4 font-medium">Datastore</th>
            <th className="w-56 py-1 font-medium">Provisioning</th>
          </tr>
        </thead>
        <tbody>
          <tr className="border-b border-line">
            <td className={CELL}>Home of the virtual machine</td>
            <td className={CELL} />
            <td className={CELL}>
              <Select
                label="Datastore of the home"
                hideLabel
                value={places.homeId}
                options={optionsOf(targets, vm.datastore.id)}
                onChange={(homeId) => onChange({ ...places, homeId })}
              />
            </td>
            <td />
          </tr>
          {vm.disks.map((disk) => (
            <DiskRow
              key={disk.key}
              disk={disk}
              place={places.disks.find(({ key }) => key === disk.key)}
              options={optionsOf(targets, disk.datastore.id)}
              onChange={(chosen) => change(disk.key, chosen)}
            />
          ))}
        </tbody>
      </table>
    </ScrollArea>
  );
}

interface DiskRowProps {
  disk: VmView['disks'][number];
  /** Undefined for a disk that was added since. */
  place: DiskPlace | undefined;
  options: readonly SelectOption<string>[];
  onChange: (chosen: Partial<DiskPlace>) => void;
}

function DiskRow({ disk, place, options, onChange }: DiskRowProps) {
  const { label, unit, backing, usedBytes, capacityBytes } = disk;
  return (
    <tr className="border-b border-line">
      <td className={CELL}>
        <span className="font-medium">{label}</span>
        <span className="text-muted">{` ${unit}`}</span>
      </td>
      <td className={`${CELL} text-right`}>{formatBytes(usedBytes ?? capacityBytes)}</td>
      <td className={CELL}>
        <Select
          label={`Datastore of ${label}`}
          hideLabel
          value={place?.datastoreId ?? disk.datastore.id}
          options={options}
          onChange={(datastoreId) => onChange({ datastoreId })}
        />
      </td>
      <td className="py-1.5">
        {backing === 'rdm' ? (
          <span className="text-muted">The mapping alone moves</span>
        ) : (
          <Select
            label={`Provisioning of ${label}`}
            hideLabel
            value={place?.provisioning ?? disk.provisioning}
            options={PROVISIONING_OPTIONS}
            onChange={(provisioning) => onChange({ provisioning })}
          />
        )}
      </td>
    </tr>
  );
}

/** What each datastore is and has free; the verdict below the table judges the whole. */
function optionsOf(targets: readonly StorageTarget[], now: string): SelectOption<string>[] {
  return targets.map(({ datastore: { id, name }, type, freeBytes }) => ({
    value: id,
    label: name,
    help: `${typeLabel(type)}, ${formatBytes(freeBytes)} free${id === now ? '; it is here' : ''}`,
  }));
}
