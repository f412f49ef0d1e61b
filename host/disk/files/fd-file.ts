// A file of the machine below a disk. Holes are punched and space is reserved by fallocate(1),
// since Node has no such calls; where that does not work, it is remembered and said.
import { spawn } from 'node:child_process';
import { closeSync, fstat, ftruncate, readSync, writeSync } from 'node:fs';
import { promisify } from 'node:util';
import { errnoOfCode, NBD_ERRORS } from '#lib/formats/nbd/errno.ts';
import type { Done, ExtentFile, Transfer } from '../extent-file.ts';
import { errnoOfThrown, readLater, readRest, writeLater, writeRest } from './fd-transfer.ts';
import type { HangShare } from './hang-share.ts';
import { SyncGroup } from './sync-group.ts';

const fstatLater = promisify(fstat);
/** What st_blocks counts in, in bytes. */
const STAT_BLOCK_BYTES = 512;

export class FdFile implements ExtentFile {
  readonly path: string;
  readonly mayHang: boolean;
  readonly #share: HangShare | null;
  readonly #fd: number;
  readonly #sync: SyncGroup;
  #size: number;
  #punches = true;
  #reserves = true;

  /** `share`: of a device that may hang. */
  constructor(path: string, fd: number, sizeBytes: number, share: HangShare | null = null) {
    this.path = path;
    this.mayHang = share !== null;
    this.#share = share;
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
    this.#call(done, (ended) => readLater({ ...transfer, fd: this.#fd }, ended));
  }

  writeLater(transfer: Transfer, done: Done): void {
    const wrote: Done = (error) => {
      if (error === 0) this.#size = Math.max(this.#size, transfer.position + transfer.length);
      done(error);
    };
    const { mayStart } = transfer;
    const write = (ended: Done): void => writeLater({ ...transfer, fd: this.#fd }, ended);
    // Nothing may wait here that would be written however late: another host may have the disk.
    if (mayStart === undefined) write(wrote);
    else {
      const { ESHUTDOWN } = NBD_ERRORS;
      this.#call(wrote, (ended) => (mayStart() ? write(ended) : ended(ESHUTDOWN)));
    }
  }

  sync(done: Done): void {
    this.#call(done, (ended) => this.#sync.sync(ended));
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

  /** A call in libuv's threads. */
  #call(done: Done, call: (done: Done) => void): void {
    const share = this.#share;
    if (share === null) call(done);
    else {
      share.run((end) =>
        call((error) => {
          end();
          done(error);
        }),
      );
    }
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
