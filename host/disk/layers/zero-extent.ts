// A part of a disk that no file has (ZERO extents): it reads as zeroes and takes nothing else.
import { STATE_HOLE, STATE_ZERO } from '#lib/formats/nbd/constants.ts';
import { NBD_ERRORS } from '#lib/formats/nbd/errno.ts';
import type { StatusExtent } from '#lib/formats/nbd/transmission.ts';
import { type ChainIo, READ, WRITE } from '../../chain/chain-io.ts';
import type { Backing } from '../backing.ts';

export class ZeroExtent implements Backing {
  readonly sizeBytes: number;

  constructor(sizeBytes: number) {
    this.sizeBytes = sizeBytes;
  }

  submit(io: ChainIo): number {
    if (io.code === READ) io.buffer.fill(0, io.start, io.start + io.length);
    return io.code === WRITE ? NBD_ERRORS.EPERM : 0;
  }

  blockStatus(_offset: number, length: number): Promise<StatusExtent[]> {
    return Promise.resolve([{ length, flags: STATE_HOLE | STATE_ZERO }]);
  }

  zeroesFrom(_offset: number, length: number): Promise<number> {
    return Promise.resolve(length);
  }

  flush(): Promise<number> {
    return Promise.resolve(0);
  }

  close(): void {
    // There is nothing to close.
  }
}
