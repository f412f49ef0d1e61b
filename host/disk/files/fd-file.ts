// A file of the machine below a disk. Holes are punched and space is reserved by fallocate(1),
// since Node has no such calls; where that does not work, it is remembered and said.
import { spawn } from 'node:child_process';
import { closeSync, fstat, ftruncate, readSync, writeSync } from 'node:fs';
import { promisify } from 'node:util';
import { errnoOfCode } from '#lib/formats/nbd/errno.ts';
import type { Done, ExtentFile, Transfer } from '../extent-file.ts';
import { errnoOfThrown, readLater, readRest, writeLater, writeRest } from './fd-transfer.ts';
import { SyncGroup } from './sync-group.ts';

const fstatLater = promisify(fstat);
/** What st_blocks counts in, in bytes. */
const STAT_BLOCK_BYTES = 512;

export class FdFile implements ExtentFile {
  readonly path: string;
  readonly #fd: number;
  readonly #sync: SyncGroup;
  #size: number;
  #punches = true;
  #reserves = true;

  constructor(path: string, fd: number, sizeBytes: number) {
    this.path = path;
    this.#fd = fd;
    this.#size = sizeBytes;
    this.#sync = new SyncGroup(fd);
  }

  get sizeBytes(): number {
    return this.#size;
  }

  get punches(): boolean {
    return this.#punches;
  }

  readNow(buffer: Buffer, start: number, length: number, position: number): number {
    const fd = this.#fd;
    try {
      const got = readSync(fd, buffer, start, length, position);
      return got === length ? 0 : readRest({ fd, buffer, start, length, position }, got);
    } catch (thrown) {
      return errnoOfThrown(thrown);
    }
  }

  writeNow(buffer: Buffer, start: number, length: number, position: number): number {
    const fd = this.#fd;
    try {
      const put = writeSync(fd, buffer, start, length, position);
      if (put < length) writeRest({ fd, buffer, start, length, position }, put);
      if (position + length > this.#size) this.#size = position + length;
      return 0;
    } catch (thrown) {
      return errnoOfThrown(thrown);
    }
  }

  readLater(transfer: Transfer, done: Done): void {
    readLater({ ...transfer, fd: this.#fd }, done);
  }

  writeLater(transfer: Transfer, done: Done): void {
    writeLater({ ...transfer, fd: this.#fd }, (error) => {
      if (error === 0) this.#size = Math.max(this.#size, transfer.position + transfer.length);
      done(error);
    });
  }

  sync(done: Done): void {
    this.#sync.sync(done);
  }

  truncate(sizeBytes: number, done: Done): void {
    ftruncate(this.#fd, sizeBytes, (failure) => {
      if (failure === null) this.#size = sizeBytes;
      done(failure === null ? 0 : errnoOfCode(failure.code));
    });
  }

  punch(position: number, length: number, done: (punched: boolean) => void): void {
    if (!this.#punches) {
      process.nextTick(done, false);
      return;
    }
    const range = ['--offset', `${position}`, '--length', `${length}`];
    this.#fallocate(['--punch-hole', ...range], (punched) => {
      if (!punched) this.#punches = false;
      done(punched);
    });
  }

  reserve(position: number, length: number, done: (reserved: boolean) => void): void {
    if (!this.#reserves) {
      process.nextTick(done, false);
      return;
    }
    const range = ['--offset', `${position}`, '--length', `${length}`];
    this.#fallocate(range, (reserved) => {
      if (reserved) this.#size = Math.max(this.#size, position + length);
      else this.#reserves = false;
      done(reserved);
    });
  }

  async allocatedBytes(): Promise<number> {
    const { blocks } = await fstatLater(this.#fd);
    return blocks * STAT_BLOCK_BYTES;
  }

  close(): void {
    closeSync(this.#fd);
  }

  #fallocate(args: string[], done: (worked: boolean) => void): void {
    const child = spawn('fallocate', [...args, '/proc/self/fd/3'], {
      stdio: ['ignore', 'ignore', 'ignore', this.#fd],
    });
    let answered = false;
    const answer = (worked: boolean): void => {
      if (answered) return;
      answered = true;
      done(worked);
    };
    child.on('error', () => answer(false));
    child.on('exit', (code) => answer(code === 0));
  }
}
