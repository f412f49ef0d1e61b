// Reads and writes of whole ranges of one file: short transfers go on, system errors become error
// numbers.
import { read, readSync, write, writeSync } from 'node:fs';
import { errnoOfCode, NBD_ERRORS } from '#lib/formats/nbd/errno.ts';

/** A range of a buffer and where it lies in the file. */
export interface Transfer {
  fd: number;
  buffer: Buffer;
  start: number;
  length: number;
  position: number;
}

/** Called once with 0 or an error number. */
export type Done = (error: number) => void;

/** Reads on this thread. 0, or an error number; a file that ends too early is EIO. */
export function readNow({ fd, buffer, start, length, position }: Transfer): number {
  try {
    let got = 0;
    while (got < length) {
      const bytes = readSync(fd, buffer, start + got, length - got, position + got);
      if (bytes === 0) return NBD_ERRORS.EIO;
      got += bytes;
    }
    return 0;
  } catch (thrown) {
    return errnoOfThrown(thrown);
  }
}

/** Writes on this thread. */
export function writeNow({ fd, buffer, start, length, position }: Transfer): number {
  try {
    let put = 0;
    while (put < length) {
      put += writeSync(fd, buffer, start + put, length - put, position + put);
    }
    return 0;
  } catch (thrown) {
    return errnoOfThrown(thrown);
  }
}

/** Reads in libuv's threads. */
export function readLater(transfer: Transfer, done: Done): void {
  const { fd, buffer, start, length, position } = transfer;
  read(fd, buffer, start, length, position, (failure, bytes) => {
    if (failure !== null) return done(errnoOfCode(failure.code));
    if (bytes === length) return done(0);
    if (bytes === 0) return done(NBD_ERRORS.EIO);
    readLater(rest(transfer, bytes), done);
  });
}

/** Writes in libuv's threads. */
export function writeLater(transfer: Transfer, done: Done): void {
  const { fd, buffer, start, length, position } = transfer;
  write(fd, buffer, start, length, position, (failure, bytes) => {
    if (failure !== null) return done(errnoOfCode(failure.code));
    if (bytes === length) return done(0);
    writeLater(rest(transfer, bytes), done);
  });
}

/** The error number of what a call of node:fs threw. */
function errnoOfThrown(thrown: unknown): number {
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : undefined;
  return errnoOfCode(code);
}

function rest(transfer: Transfer, bytes: number): Transfer {
  return {
    ...transfer,
    start: transfer.start + bytes,
    length: transfer.length - bytes,
    position: transfer.position + bytes,
  };
}
