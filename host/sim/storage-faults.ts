// What is wrong with the simulated storage at the moment. Events of a recipe set it and put it
// back.

export interface StorageFaults {
  /** Share of reads of extents that fail with EIO. */
  readErrors: number;
  /** Share of writes that fail with EIO, having landed in whole, in part or not. */
  writeErrors: number;
  /** Share of syncs that fail with EIO. */
  syncErrors: number;
  /** A failed sync forgets what it had to write, as Linux does, instead of trying again. */
  syncForgets: boolean;
  /** Longest delay of a call, in milliseconds. */
  delayMs: number;
  /** Nothing can take more space. */
  full: boolean;
}

/** Longest that a call takes before it fails instead, in milliseconds: what leases rely on. */
export const CALL_MS_MAX = 4_000;

/** `callMs` is the longest that a call takes, in milliseconds. */
export function soundStorage(callMs = 1): StorageFaults {
  return {
    readErrors: 0,
    writeErrors: 0,
    syncErrors: 0,
    syncForgets: false,
    delayMs: callMs,
    full: false,
  };
}
