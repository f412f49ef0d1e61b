// What write-back works with, and what it asks of the cache around it.
import type { DaemonLine, DiskIo, FilterContext } from '#lib/filter-sdk/filter.ts';
import type { FlashFile, HostFlash } from '#lib/filter-sdk/host-flash.ts';
import type { MirrorWish } from '../mirror/mirroring.ts';
import type { DirtyData } from './dirty-data.ts';

export interface Watermarks {
  /** Of the log, from 0 to 1. */
  high: number;
  low: number;
}

export interface WriteBackParts {
  context: Pick<FilterContext, 'sidecar' | 'clock' | 'raiseEvent' | 'log' | 'disk'>;
  flash: HostFlash;
  /** Of the disk's files on the flash. */
  label: string;
  daemon: DaemonLine | null;
  mirrorWish(): MirrorWish;
  /** The log shall end, and a new one begin if one is wanted. */
  onRestart(): void;
  watermarks(): Watermarks;
  logBytes(): number;
  /** Bytes of a stream of writes that the log takes; null when it takes all. */
  streamBytes(): number | null;
  /** Changes that were passed on and have not ended. */
  changesBelow(): number;
  /** Nothing that went by the log waits for a flush of the storage. */
  isBelowDurable(): boolean;
  /** A change, or a flush, is about to be passed on. */
  onPass(io: DiskIo): void;
  /** In a new file. */
  make(file: FlashFile): DirtyData;
  /** Blocks of the cache, for the claim. */
  blocks(): number;
}
