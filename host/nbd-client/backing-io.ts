// I/O on a virtual disk that comes from no guest: copies, resynchronisation, contents of a new
// disk.
import { assert } from '#lib/base/assert.ts';
import { errnoName } from '#lib/formats/nbd/errno.ts';
import { Fault } from '#lib/model/fault.ts';
import type { ChainDisk } from '../chain/chain.ts';
import { ChainIo, type OperationCode, PENDING, READ, WRITE } from '../chain/chain-io.ts';

export interface WantedIo {
  code: OperationCode;
  offset: number;
  length: number;
  buffer?: Buffer;
  start?: number;
  fua?: boolean;
  noHole?: boolean;
  fastZero?: boolean;
}

class OwnIo extends ChainIo {
  finished(): void {
    this.carrier = null;
  }
}

/** Resolves with 0 or an error number. */
export function runIo(disk: ChainDisk, wanted: WantedIo): Promise<number> {
  return new Promise((resolve) => {
    const io = new OwnIo();
    Object.assign(io, wanted);
    io.carrier = {
      deferralOf() {
        assert(false, 'nobody below a chain defers');
      },
      diskDone: (_, error) => resolve(error),
    };
    const result = disk.submit(io);
    if (result !== PENDING) resolve(result);
  });
}

/** Throws a `FileFault` whose message begins with the errno's name. */
export async function readBytes(disk: ChainDisk, offset: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  const error = await runIo(disk, { code: READ, offset, length, buffer });
  if (error !== 0) {
    const message = `${errnoName(error)}: ${length} bytes at ${offset} cannot be read.`;
    throw new Fault('FileFault', message);
  }
  return buffer;
}

/** Resolves with 0 or an error number. */
export function writeBytes(
  disk: ChainDisk,
  { offset, data, fua = false }: { offset: number; data: Buffer; fua?: boolean },
): Promise<number> {
  return runIo(disk, { code: WRITE, offset, length: data.length, buffer: data, fua });
}
