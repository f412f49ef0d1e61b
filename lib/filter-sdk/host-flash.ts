// What a filter may keep on its host alone: files on the host's virtual flash resource. They are
// fast, they survive kill -9 of the world, and they never follow the disk to another host.

export interface HostFlash {
  /** Of the host, so that a filter can say where it has left something. */
  readonly host: { readonly id: string; readonly name: string };
  /** Of the resource, shared by all disks of the host, in bytes. */
  readonly capacityBytes: number;
  /**
   * A new file of zeroes, under an id that no other has. The label says whose it is: the filter's
   * name and the disk's id. Throws an Error whose message begins with the name of the errno, ENOSPC
   * when the resource has no room for it. `mirrorOf` names the host whose file this is a copy of.
   */
  make(label: string, sizeBytes: number, options?: { mirrorOf?: string }): FlashFile;
  /** The file with that id, made earlier on this host; null when it is not there. Throws. */
  find(id: string): FlashFile | null;
  /**
   * As `find`, but once and for all: nobody who opened it before finds it there any more
   * (`isThere`), and taking it again finds what was taken. Left out where files are never shared.
   */
  take?(id: string): FlashFile | null;
  /** Removes all with that label but one: what an earlier life has left and nobody needs. */
  sweep(label: string, keepId: string | null): void;
}

/**
 * One file. All but `sync` is done on the thread of the world when the call returns; keep reads
 * and writes short. A throw is an Error whose message begins with the name of the errno.
 */
export interface FlashFile {
  readonly id: string;
  readonly sizeBytes: number;
  /** Fills all of `target` with what stands there. */
  read(position: number, target: Uint8Array): void;
  /** Within the file. Survives kill -9 of the world, but not a loss of power before `sync`. */
  write(position: number, data: Uint8Array): void;
  /** Resolves when all that was written before the call is durable. */
  sync(): Promise<void>;
  /** Whether it can still be found by its id: false when it was taken or removed. */
  isThere?(): boolean;
  /** No `sync` may be under way. */
  close(): void;
  /** Closes it and gives its space back. */
  remove(): void;
}
