// Writes zeroes over a range of a file, for where no hole can be, or should be, punched.
import type { Done, ExtentFile } from '../extent-file.ts';

/** From this length on starting a process to punch a hole costs less than zeroes, in bytes. */
export const PUNCH_BYTES_MIN = 1024 * 1024;

const ZEROES = Buffer.alloc(1024 * 1024);

export interface FileRange {
  file: ExtentFile;
  position: number;
  length: number;
}

/** Writes zeroes on this thread; at most 1 MiB. */
export function zeroNow({ file, position, length }: FileRange): number {
  return file.writeNow(ZEROES, 0, length, position);
}

/** Writes zeroes in other threads, a piece after the other. */
export function zeroLater({ file, position, length }: FileRange, done: Done): void {
  const now = Math.min(length, ZEROES.length);
  file.writeLater({ buffer: ZEROES, start: 0, length: now, position }, (error) => {
    if (error !== 0 || now === length) return done(error);
    zeroLater({ file, position: position + now, length: length - now }, done);
  });
}

/** Punches a hole, or writes zeroes where that does not work. */
export function punchOrZero(range: FileRange, done: Done): void {
  const { file, position, length } = range;
  file.punch(position, length, (punched) => (punched ? done(0) : zeroLater(range, done)));
}
