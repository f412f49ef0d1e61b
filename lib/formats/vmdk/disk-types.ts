// VMDK: the types of disks (`createType`) and of extents that we know, and which go together.

export const EXTENT_TYPES = ['VMFS', 'FLAT', 'VMFSSPARSE', 'SPARSE', 'ZERO', 'VMFSRDM'] as const;

/**
 * VMFS and FLAT: raw bytes, in a file with or without an offset. VMFSSPARSE: a redo log (COWD).
 * SPARSE: hosted sparse (KDMV). ZERO: no file, reads as zeroes. VMFSRDM: a mapping to a raw device.
 */
export type ExtentType = (typeof EXTENT_TYPES)[number];

export const CREATE_TYPES = [
  'vmfs',
  'vmfsSparse',
  'vmfsRawDeviceMap',
  'vmfsPassthroughRawDeviceMap',
  'monolithicFlat',
  'monolithicSparse',
  'twoGbMaxExtentFlat',
  'twoGbMaxExtentSparse',
  'streamOptimized',
] as const;

export type VmdkCreateType = (typeof CREATE_TYPES)[number];

/** The extents that a disk of a type may have. */
export const EXTENT_TYPES_OF: Readonly<Record<VmdkCreateType, readonly ExtentType[]>> = {
  vmfs: ['VMFS'],
  vmfsSparse: ['VMFSSPARSE'],
  vmfsRawDeviceMap: ['VMFSRDM'],
  vmfsPassthroughRawDeviceMap: ['VMFSRDM'],
  monolithicFlat: ['FLAT', 'ZERO'],
  monolithicSparse: ['SPARSE'],
  twoGbMaxExtentFlat: ['FLAT', 'ZERO'],
  twoGbMaxExtentSparse: ['SPARSE', 'ZERO'],
  streamOptimized: ['SPARSE'],
};

/** Whether the descriptor stands inside the sparse file that it describes. */
export function isEmbedded(createType: VmdkCreateType): boolean {
  return createType === 'monolithicSparse' || createType === 'streamOptimized';
}
