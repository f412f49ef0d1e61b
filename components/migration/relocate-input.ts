// The call that moves a VM's storage, from what was chosen in the dialog. Pure.
import type { Provisioning } from '#lib/model/disk-storage.ts';
import type { VmView } from '#lib/wire/api/inventory.ts';
import type { Move } from './move-choice.tsx';

export interface StorageDraft {
  datastoreId: string | null;
  /** How the copies take their space. */
  provisioning: Provisioning | 'same';
}

export interface RelocateInput {
  hostId?: string;
  datastoreId?: string;
  disks?: { key: number; datastoreId: string; provisioning: Provisioning }[];
}

/** Null until everything is chosen that must be. */
export function relocateInput(
  vm: Pick<VmView, 'disks'>,
  move: Move,
  { hostId, storage }: { hostId: string | null; storage: StorageDraft },
): RelocateInput | null {
  const { datastoreId, provisioning } = storage;
  if (datastoreId === null || (move === 'both' && hostId === null)) return null;
  const body: RelocateInput = { datastoreId };
  if (move === 'both' && hostId !== null) body.hostId = hostId;
  if (provisioning !== 'same') {
    body.disks = vm.disks.map(({ key }) => ({ key, datastoreId, provisioning }));
  }
  return body;
}
