// What is below the filters of a disk, in words, with a sentence on each.
import type { DiskBacking, Provisioning } from '#lib/model/disk-storage.ts';

export const PROVISIONING_WORDS: Record<Provisioning, { label: string; help: string }> = {
  thin: { label: 'Thin', help: 'Takes space as it is written.' },
  thick: {
    label: 'Thick, lazily zeroed',
    help: 'Takes all its space at once; what was not written is zeroed when it is first used.',
  },
  eagerZeroedThick: {
    label: 'Thick, eagerly zeroed',
    help: 'Takes all its space at once and writes zeros over it, which takes a while.',
  },
};

export const BACKING_WORDS: Record<DiskBacking, { label: string; help: string }> = {
  flat: { label: 'Flat file', help: 'Its data stand in files of the datastore.' },
  delta: { label: 'Redo log', help: 'Writes go to a redo log on top of a snapshot.' },
  rdm: {
    label: 'Raw device mapping',
    help: 'In virtual compatibility mode: its data are on a block device or an NBD server.',
  },
  vsan: { label: 'vSAN object', help: 'Mirrored over the local disks of hosts, with a witness.' },
  vvol: { label: 'Virtual volume', help: 'One object of a storage provider.' },
};

export const PROVISIONING_OPTIONS = (['thin', 'thick', 'eagerZeroedThick'] as const).map(
  (value) => ({ value, ...PROVISIONING_WORDS[value] }),
);

/** As a list says it; what is not known stays as it is. */
export function provisioningLabel(provisioning: string): string {
  const words = PROVISIONING_OPTIONS.find(({ value }) => value === provisioning);
  return words?.label ?? provisioning;
}
