// One file below a disk, and where such files come from. The seam between everything that knows a
// disk's layout and the machine's file system, so that a simulated one can stand there.
import type { SmallFiles } from '../datastore/small-files.ts';
import type { ObjectStore } from './object-store.ts';

/** A range of a buffer and where it lies in the file, in bytes. */
export interface Transfer {
  buffer: Buffer;
  start: number;
  length: number;
  position: number;
  /** Asked when it does not start at once; false fails it. */
  mayStart?: () => boolean;
}

/** Called once with 0 or an error number, never before the call it belongs to has returned. */
export type Done = (error: number) => void;

export interface ExtentFile {
  readonly path: string;
  /** Length of the file as its own writes have left it, in bytes. */
  readonly sizeBytes: number;
  /** Whether `punch` is likely to free space. */
  readonly punches: boolean;
  /** Its calls may take as long as they like: none of them on this thread. */
  readonly mayHang?: boolean;
  /** Reads on this thread. 0, or an error number; EIO when the file ends too early. */
  readNow(buffer: Buffer, start: number, length: number, position: number): number;
  /** Writes on this thread, and makes the file longer when the range ends behind it. */
  writeNow(buffer: Buffer, start: number, length: number, position: number): number;
  /** As `readNow`, on another thread. */
  readLater(transfer: Transfer, done: Done): void;
  /** As `writeNow`, on another thread. */
  writeLater(transfer: Transfer, done: Done): void;
  /**
   * Makes durable whatever had ended when it was called. After a failure, but for a lack of space,
   * it fails until the file is opened anew: what was not written may be lost by then.
   */
  sync(done: Done): void;
  /** Makes the file longer, with zeroes, or shorter. */
  truncate(sizeBytes: number, done: Done): void;
  /** Frees the range, which reads as zeroes then. False when nothing was done. */
  punch(position: number, length: number, done: (punched: boolean) => void): void;
  /** Takes space for the range, without changing what it reads as. False when nothing was done. */
  reserve(position: number, length: number, done: (reserved: boolean) => void): void;
  /** Space that the file takes on its datastore, in bytes. */
  allocatedBytes(): Promise<number>;
  /** No call may be under way. */
  close(): void;
}

/** `create`: for reading and writing, and the file must not exist. */
export type OpenMode = 'read' | 'write' | 'create';

/** The files of a datastore: small ones, written whole, and large ones, opened. */
export interface DiskFiles extends SmallFiles {
  /** Rejects with an error that has the `code` of a system error. */
  open(path: string, mode: OpenMode): Promise<ExtentFile>;
  /** Disks that are no files; absent where there are none. */
  objects?: ObjectStore;
}
