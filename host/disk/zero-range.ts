// Zeroes and trims of a range of a file: fallocate(1) punches holes in large ranges, since Node has
// no such call; where that does not work zeroes are written.
import { spawn } from 'node:child_process';
import { type Done, writeLater, writeNow } from './file-io.ts';

/** From this length on starting a process costs less than writing zeroes, in bytes. */
export const PUNCH_BYTES_MIN = 1024 * 1024;

const ZEROES = Buffer.alloc(1024 * 1024);

export interface Range {
  fd: number;
  position: number;
  length: number;
}

/** Punches holes for one disk and remembers when that turned out not to work there. */
export class HolePuncher {
  #works = true;

  get works(): boolean {
    return this.#works;
  }

  /** Frees the range, which reads as zeroes then. Calls back with false when nothing was done. */
  punch({ fd, position, length }: Range, done: (punched: boolean) => void): void {
    if (!this.#works) {
      done(false);
      return;
    }
    const args = ['--punch-hole', '--offset', `${position}`, '--length', `${length}`];
    const child = spawn('fallocate', [...args, '/proc/self/fd/3'], {
      stdio: ['ignore', 'ignore', 'ignore', fd],
    });
    let answered = false;
    const answer = (punched: boolean): void => {
      if (answered) return;
      answered = true;
      if (!punched) this.#works = false;
      done(punched);
    };
    child.on('error', () => answer(false));
    child.on('exit', (code) => answer(code === 0));
  }
}

/** Writes zeroes on this thread; for short ranges. */
export function zeroNow({ fd, position, length }: Range): number {
  return writeNow({ fd, buffer: ZEROES, start: 0, length, position });
}

/** Writes zeroes in libuv's threads, a piece after the other. */
export function zeroLater(range: Range, done: Done): void {
  const length = Math.min(range.length, ZEROES.length);
  const { fd, position } = range;
  writeLater({ fd, buffer: ZEROES, start: 0, length, position }, (error) => {
    if (error !== 0 || length === range.length) return done(error);
    zeroLater({ fd, position: position + length, length: range.length - length }, done);
  });
}
