// What stands below a disk's filters: files, redo logs on files, an object of a vSAN or a vVol, a
// raw device. All of them answer I/O in the same way, so that the chain knows none of them.
import type { StatusExtent } from '#lib/formats/nbd/transmission.ts';
import type { ChainDisk } from '../chain/chain.ts';

/** `io.carrier.diskDone` is never called before `submit` has returned PENDING. */
export interface Backing extends ChainDisk {
  readonly sizeBytes: number;
  /**
   * Status in base:allocation from `offset` on, for the whole length or less; or an error number.
   * A hole reads as zeroes.
   */
  blockStatus(offset: number, length: number): Promise<StatusExtent[] | number>;
  /**
   * How many bytes from `offset` on, `length` at most, read as zeroes, as far as that is known
   * without reading them: 0 when it is not. Absent where nothing can be known.
   */
  zeroesFrom?(offset: number, length: number): Promise<number>;
  /** Makes all that was written durable; 0, or an error number. */
  flush(): Promise<number>;
  /** No I/O may be in flight. */
  close(): void | Promise<void>;
}
