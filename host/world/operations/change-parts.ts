// What an operation of a world works with.
import type { Clock } from '#lib/base/clock.ts';
import type { Random } from '#lib/base/random.ts';
import type { Commit } from '../../datastore/commit-files.ts';
import type { DiskFiles } from '../../disk/extent-file.ts';
import type { WorldDisks } from '../world-disks.ts';
import type { WorldServer } from '../world-server.ts';
import type { OperationHandle } from './operation-desk.ts';

export interface ChangeParts extends OperationHandle {
  server: WorldServer;
  disks: WorldDisks;
  clock: Clock;
  random: Random;
  files: DiskFiles;
  /** Null when no file of the VM changes. */
  commit: Commit | null;
  log(level: 'info' | 'warning' | 'error', message: string): void;
}
