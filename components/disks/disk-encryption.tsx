'use client';
// Which key opens a disk, and how much of the disk it covers: what the disk held before is
// encrypted while the VM is on.
// Props: `disk`, `vm`.
import { useSamples } from '#lib/client/use-io.ts';
import type { DiskView, VmView } from '#lib/wire/api/inventory.ts';

const REFETCH_MS = 5_000;

export function DiskEncryption({ disk, vm }: { disk: DiskView; vm: VmView }) {
  const filter = disk.filters.find((each) => each.class === 'encryption');
  const isOn = vm.powerState === 'poweredOn';
  const asks = filter !== undefined && isOn;
  const samples = useSamples(vm.id, { enabled: asks, refetchMs: REFETCH_MS });
  if (!filter) return 'Not encrypted';
  const measured = samples.data?.at(-1)?.disks.find(({ diskKey }) => diskKey === disk.key);
  const statistics = measured?.filters.find(({ name }) => name === filter.name)?.statistics;
  const note = isOn ? shareText(statistics?.encryptedShare) : OFF_TEXT;
  return (
    <>
      <span>{`Key ${filter.properties.keyId} of ${filter.properties.keyProvider}`}</span>
      {note && <span className="block text-sm text-muted">{note}</span>}
    </>
  );
}

const OFF_TEXT = 'Data that are still in clear text are encrypted when the VM is powered on.';

/** Empty when all is encrypted, or nobody knows. */
function shareText(share = 100): string {
  return share < 100
    ? `${Math.floor(share)} % of the disk is encrypted, the rest in clear text.`
    : '';
}
