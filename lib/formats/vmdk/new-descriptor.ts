// VMDK descriptor of a new, empty disk: geometry, ids and the entries that ESXi writes for a thin
// flat disk.
import { type Random, randomHex } from '../../base/random.ts';
import { NO_PARENT, type VmdkDescriptor } from './descriptor.ts';

const HEADS = 255;
const SECTORS_PER_TRACK = 63;

export interface NewDisk {
  createType: 'vmfs' | 'monolithicFlat';
  /** In sectors of 512 bytes. */
  sectors: number;
  /** Name of the flat extent beside the descriptor: `web01-flat.vmdk`. */
  extentFileName: string;
  random: Random;
}

export function newDescriptor({
  createType,
  sectors,
  extentFileName,
  random,
}: NewDisk): VmdkDescriptor {
  const longContentId = randomHex(random, 16);
  const type = createType === 'vmfs' ? 'VMFS' : 'FLAT';
  const extent = {
    access: 'RW',
    sectors,
    type,
    fileName: extentFileName,
    offsetSectors: 0,
  } as const;
  return {
    // The content id is the tail of the long one, as ESXi has it; ffffffff would mean "no parent".
    cid: longContentId.slice(-8) === NO_PARENT ? 'fffffffe' : longContentId.slice(-8),
    parentCid: NO_PARENT,
    createType,
    parentFileNameHint: null,
    extents: [extent],
    header: new Map([['encoding', '"UTF-8"']]),
    ddb: new Map([
      ['adapterType', 'lsilogic'],
      ['geometry.cylinders', String(cylinders(sectors))],
      ['geometry.heads', String(HEADS)],
      ['geometry.sectors', String(SECTORS_PER_TRACK)],
      ['longContentID', longContentId],
      ['thinProvisioned', '1'],
      ['uuid', diskUuid(random)],
      ['virtualHWVersion', '21'],
    ]),
  };
}

/** Cylinders of the classic geometry with 255 heads and 63 sectors; at least one. */
export function cylinders(sectors: number): number {
  return Math.max(1, Math.floor(sectors / (HEADS * SECTORS_PER_TRACK)));
}

function diskUuid(random: Random): string {
  // 60 00 C2 9 is the prefix of VMware's vendor id in the identifiers of its virtual disks.
  const bytes = `6000C29${randomHex(random, 13).slice(1)}`.match(/../g) ?? [];
  return `${bytes.slice(0, 8).join(' ')}-${bytes.slice(8).join(' ')}`;
}
