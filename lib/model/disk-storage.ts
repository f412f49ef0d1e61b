// What is below the filters of a disk, in words.

/** How a new disk, or the copy of one, takes its space. */
export const PROVISIONINGS = ['thin', 'thick', 'eagerZeroedThick'] as const;
export type Provisioning = (typeof PROVISIONINGS)[number];

/** Extents in files, a redo log over another disk, a raw device, an object of a vSAN or a vVol. */
export const DISK_BACKINGS = ['flat', 'delta', 'rdm', 'vsan', 'vvol'] as const;
export type DiskBacking = (typeof DISK_BACKINGS)[number];
