// The call that moves a VM's storage, from what was chosen in the dialog. Pure.
import type { Provisioning } from '#lib/model/disk-storage.ts';
import type { VmView } from '#lib/wire/api/inventory.ts';
import type { StorageTarget } from '#lib/wire/api/vm-operations.ts';
import { provisioningLabel } from '../disks/disk-words.ts';
import type { Move } from './move-choice.tsx';

export interface StorageDraft {
  /** For the home and all disks. */
  datastoreId: string | null;
  /** How the copies take their space. */
  provisioning: Provisioning | 'same';
  /** Chosen disk by disk instead. */
  places: StoragePlaces | null;
}

/** Where the home and each disk shall be. */
export interface StoragePlaces {
  homeId: string;
  disks: readonly DiskPlace[];
}

export interface DiskPlace {
  key: number;
  datastoreId: string;
  provisioning: Provisioning;
}

export interface RelocateInput {
  hostId?: string;
  datastoreId?: string;
  disks?: { key: number; datastoreId: string; provisioning: Provisioning }[];
}

type Vm = Pick<VmView, 'datastore' | 'disks'>;

/** What choosing disk by disk begins with: what was chosen for all, else what is now. */
export function placesFrom(vm: Vm, draft: Omit<StorageDraft, 'places'>): StoragePlaces {
  const { datastoreId, provisioning } = draft;
  return {
    homeId: datastoreId ?? vm.datastore.id,
    disks: vm.disks.map((disk) => ({
      key: disk.key,
      datastoreId: datastoreId ?? disk.datastore.id,
      provisioning: provisioning === 'same' ? disk.provisioning : provisioning,
    })),
  };
}

/** Whether anything would be copied. */
function differs(vm: Vm, places: StoragePlaces): boolean {
  return places.homeId !== vm.datastore.id || changedPlaces(vm, places).length > 0;
}

/** The disks that would be copied. A raw device mapping takes no space of its own. */
export function changedPlaces(vm: Vm, places: StoragePlaces): DiskPlace[] {
  return places.disks.filter((place) => {
    const now = vm.disks.find(({ key }) => key === place.key);
    if (now?.datastore.id !== place.datastoreId) return true;
    return now.backing !== 'rdm' && now.provisioning !== place.provisioning;
  });
}

/** A sentence on each file that moves, when they were chosen one by one. */
export function movedFiles(
  vm: Vm,
  places: StoragePlaces | null,
  targets: readonly StorageTarget[] = [],
): string[] {
  if (!places) return [];
  const nameOf = (id: string) =>
    targets.find(({ datastore }) => datastore.id === id)?.datastore.name ?? id;
  const disks = changedPlaces(vm, places).map(({ key, datastoreId, provisioning }) => {
    const disk = vm.disks.find((one) => one.key === key);
    const how = disk?.provisioning === provisioning ? '' : `, ${provisioningLabel(provisioning)}`;
    return `${disk?.label ?? key} is copied to ${nameOf(datastoreId)}${how}.`;
  });
  if (places.homeId === vm.datastore.id) return disks;
  return [`Its home moves to ${nameOf(places.homeId)}.`, ...disks];
}

/** Null until everything is chosen that must be. */
export function relocateInput(
  vm: Vm,
  move: Move,
  { hostId, storage }: { hostId: string | null; storage: StorageDraft },
): RelocateInput | null {
  const place = storageInput(vm, storage);
  if (!place || move === 'host' || (move === 'both' && hostId === null)) return null;
  return move === 'both' && hostId !== null ? { hostId, ...place } : place;
}

function storageInput(vm: Vm, storage: StorageDraft): RelocateInput | null {
  const { datastoreId, provisioning, places } = storage;
  if (places) {
    if (!differs(vm, places)) return null;
    return { datastoreId: places.homeId, disks: [...places.disks] };
  }
  if (datastoreId === null) return null;
  if (provisioning === 'same') return { datastoreId };
  return { datastoreId, disks: vm.disks.map(({ key }) => ({ key, datastoreId, provisioning })) };
}
