// Reads and writes of whole ranges by file descriptor: short transfers go on, system errors become
// error numbers.
import { read, readSync, write, writeSync } from 'node:fs';
import { errnoOfCode, NBD_ERRORS } from '#lib/formats/nbd/errno.ts';
import type { Done, Transfer } from '../extent-file.ts';

/** A range of a buffer and where it lies in which file. */
export interface FdTransfer extends Transfer {
  fd: number;
}

/** Goes on with a read on this thread that gave `got` bytes so far; throws system errors. */
export function readRest({ fd, buffer, start, length, position }: FdTransfer, got: number): number {
  for (let at = got; at < length; ) {
    const bytes = readSync(fd, buffer, start + at, length - at, position + at);
    if (bytes === 0) return NBD_ERRORS.EIO;
    at += bytes;
  }
  return 0;
}

/** Goes on with a write on this thread that has put `put` bytes so far; throws system errors. */
export function writeRest(transfer: FdTransfer, put: number): void {
  const { fd, buffer, start, length, position } = transfer;
  for (let at = put; at < length; ) {
    at += writeSync(fd, buffer, start + at, length - at, position + at);
  }
}

/** Reads in libuv's threads. */
export function readLater(transfer: FdTransfer, done: Done): void {
  const { fd, buffer, start, length, position } = transfer;
  read(fd, buffer, start, length, position, (failure, bytes) => {
    if (failure !== null) return done(errnoOfCode(failure.code));
    if (bytes === length) return done(0);
    if (bytes === 0) return done(NBD_ERRORS.EIO);
    readLater(rest(transfer, bytes), done);
  });
}

/** Writes in libuv's threads. */
export function writeLater(transfer: FdTransfer, done: Done): void {
  const { fd, buffer, start, length, position } = transfer;
  write(fd, buffer, start, length, position, (failure, bytes) => {
    if (failure !== null) return done(errnoOfCode(failure.code));
    if (bytes === length) return done(0);
    writeLater(rest(transfer, bytes), done);
  });
}

/** The error number of what a call of node:fs threw. */
export function errnoOfThrown(thrown: unknown): number {
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : undefined;
  return errnoOfCode(code);
}

function rest(transfer: FdTransfer, bytes: number): FdTransfer {
  return {
    ...transfer,
    start: transfer.start + bytes,
    length: transfer.length - bytes,
    position: transfer.position + bytes,
  };
}
