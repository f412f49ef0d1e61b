// What operations on a VM's files need of the host and of what keeps the VM running, so that these
// can be others than an agent's: a simulated one.
import type { DatastorePaths } from '../../datastore/vm-home.ts';
import type { ObjectStore } from '../../disk/object-store.ts';
import type { HostObjects } from '../../volumes/host-objects.ts';
import type { WorldClient } from '../../world/world-client.ts';
import type { AgentPaths } from '../agent-paths.ts';
import type { HostContext } from '../host-context.ts';
import type { Settlement } from './vm-intent.ts';
import type { VmRecord } from './vm-record.ts';

/** A host as far as launch files and operations on files go. */
export interface OperatingHost
  extends Pick<
    HostContext,
    'clock' | 'random' | 'files' | 'findFilter' | 'who' | 'storage' | 'flash'
  > {
  datastores: DatastorePaths & {
    /** Absolute paths of those that are accessible; absent where no VM has neighbours. */
    roots?(): Promise<string[]>;
  };
  paths: Pick<AgentPaths, 'launch' | 'runtime' | 'logs'>;
  objects: ObjectStore & Pick<HostObjects, 'deviceBytes' | 'mapDevice'>;
}

/** What keeps a VM running, as `VmRunner` says. */
export interface OperatedVm {
  readonly record: VmRecord;
  readonly isRunning: boolean;
  /** Calls of the VM's world. */
  readonly client: Pick<WorldClient, 'operate' | 'cancel' | 'status'>;
  readonly world: {
    /** Works with a world that opens the VM's disks and serves nobody. */
    withService<T>(spec: VmRecord['spec'], work: () => Promise<T>): Promise<T>;
  };
  exclusively<T>(work: () => Promise<T>): Promise<T>;
  update(change: Partial<VmRecord>): Promise<void>;
  settle(): Promise<Settlement | null>;
  look(): Promise<void>;
  suspended(): Promise<void>;
}

/** The VMs of a host. */
export interface OperatedVms {
  findOrAdd(spec: VmRecord['spec'], place: VmRecord['place']): Promise<OperatedVm>;
  /** Throws `NotFound`. */
  require(vmId: string): OperatedVm;
}
