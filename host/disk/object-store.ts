// Disks that are objects of a vSAN or a vVol, and raw devices: what everything that makes, opens,
// grows or deletes a disk needs of them.
import type { Backing } from './backing.ts';

/** An extent that is no file of its own format. */
export interface RemoteTarget {
  kind: 'vsan' | 'vvol' | 'rdm';
  /** As the extent line has it; of `rdm` the absolute path of the mapping file. */
  name: string;
  sizeBytes: number;
  readOnly: boolean;
}

/** Throws faults; the backing is exactly as large as asked. */
export type OpenRemote = (target: RemoteTarget) => Promise<Backing>;

export interface ObjectStore {
  /** Opens an object or a raw device. Whoever had it open can do no more I/O. */
  open: OpenRemote;
  /**
   * A name for the object of a new disk with its descriptor there; null where disks are files. The
   * descriptor is written before the object is made, so that whoever deletes the disk finds both.
   */
  newName(descriptorPath: string): string | null;
  /**
   * Makes an empty object, thin unless all of its space shall be reserved. Throws `NoDiskSpace` or
   * `InvalidDatastore`.
   */
  create(name: string, sizeBytes: number, reserved?: boolean): Promise<void>;
  /** Makes it larger, also while it is open; whoever has it open opens it again. */
  grow(name: string, sizeBytes: number): Promise<void>;
  /** Nothing to do when it is not there. It must not be open. */
  remove(name: string): Promise<void>;
  /** Space that it takes on its datastore, in bytes. */
  allocatedBytes(name: string): Promise<number>;
}
