'use client';
// Which disk of a VM a live page is about, kept in `?disk=`, and its samples, read every second.
// Props of `DiskSelect`: `vm`, `choice`.
import { useSamples } from '#lib/client/use-io.ts';
import type { DiskView, VmView } from '#lib/wire/api/inventory.ts';
import { Select } from '../ui/forms/select.tsx';
import { useUrlParam } from '../ui/use-url-param.ts';

const READ_EVERY_MS = 1000;

export interface DiskChoice {
  /** The first where the URL names none; null of a VM without disks. */
  disk: DiskView | null;
  choose: (diskKey: string) => void;
}

export function useDiskChoice({ disks }: VmView): DiskChoice {
  const [diskKey, choose] = useUrlParam('disk', String(disks[0]?.key ?? ''));
  const disk = disks.find(({ key }) => String(key) === diskKey) ?? disks[0] ?? null;
  return { disk, choose };
}

export function useLiveSamples(vmId: string, enabled = true) {
  return useSamples(vmId, { enabled, refetchMs: READ_EVERY_MS });
}

export function DiskSelect({ vm, choice }: { vm: VmView; choice: DiskChoice }) {
  return (
    <div className="w-64">
      <Select
        label="Disk"
        hideLabel
        value={choice.disk && String(choice.disk.key)}
        options={vm.disks.map(({ key, label, unit }) => ({
          value: String(key),
          label: `${label} (${unit})`,
        }))}
        onChange={choice.choose}
      />
    </div>
  );
}
