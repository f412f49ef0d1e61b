// What every part of the agent works with: the host's identity, its stores, and the seams to the
// outside.
import type { Logger } from 'pino';
import type { Clock } from '#lib/base/clock.ts';
import type { Random } from '#lib/base/random.ts';
import type { DiskFilter } from '#lib/model/filter.ts';
import type { VmTrouble } from '#lib/model/vm-trouble.ts';
import type { DatastoreSet } from '../datastore/datastore-set.ts';
import type { DiskFiles } from '../disk/extent-file.ts';
import type { FlashResource } from '../flash/flash-resource.ts';
import type { HostObjects } from '../volumes/host-objects.ts';
import type { StorageConfig } from '../volumes/storage-config.ts';
import type { LaunchFilter, WorldLaunch } from '../world/launch.ts';
import type { AgentPaths } from './agent-paths.ts';
import type { HostEvents } from './host-events.ts';
import type { Revision } from './revision.ts';
import type { VmKeys } from './vm-keys.ts';

export interface HostContext {
  clock: Clock;
  random: Random;
  logger: Logger;
  paths: AgentPaths;
  events: HostEvents;
  revision: Revision;
  datastores: DatastoreSet;
  /** For disks, whether files or objects. */
  files: DiskFiles;
  objects: HostObjects;
  /** Keys for the disks of VMs. */
  keys: VmKeys;
  /** For the launch files of worlds. */
  storage(): StorageConfig;
  /** The same: where the virtual flash resource is, whose folder says how large it may be. */
  flash?: WorldLaunch['flash'];
  flashResource: FlashResource;
  /** As the host is called now; the name comes from the controller. */
  who(): { hostUuid: string; hostName: string };
  inMaintenance(): boolean;
  /** Where the image has a filter's code; null when the filter is not installed. */
  findFilter(filter: DiskFilter): LaunchFilter | null;
  /** What a fault of a VM means for it. */
  troubleOf(thrown: unknown): VmTrouble;
  /** What the process of a VM with these filters on its disks may take, in MiB. */
  worldMemoryMaxMib(filters: readonly DiskFilter[]): number;
}
