// A file that is changed only while the lock of its disk is held. The commit of a redo log, a copy
// and a merge take several steps, and another host may take the disk between any two of them.
import { NBD_ERRORS } from '#lib/formats/nbd/errno.ts';
import type { Done, ExtentFile, Transfer } from '../extent-file.ts';

const { ESHUTDOWN } = NBD_ERRORS;

export class LeasedFile implements ExtentFile {
  readonly path: string;
  readonly mayHang: boolean;
  readonly #file: ExtentFile;
  readonly #mayWrite: () => boolean;

  constructor(file: ExtentFile, mayWrite: () => boolean) {
    this.path = file.path;
    this.mayHang = file.mayHang ?? false;
    this.#file = file;
    this.#mayWrite = mayWrite;
  }

  get sizeBytes(): number {
    return this.#file.sizeBytes;
  }

  get punches(): boolean {
    return this.#file.punches;
  }

  readNow(buffer: Buffer, start: number, length: number, position: number): number {
    return this.#file.readNow(buffer, start, length, position);
  }

  writeNow(buffer: Buffer, start: number, length: number, position: number): number {
    if (!this.#mayWrite()) return ESHUTDOWN;
    return this.#file.writeNow(buffer, start, length, position);
  }

  readLater(transfer: Transfer, done: Done): void {
    this.#file.readLater(transfer, done);
  }

  writeLater(transfer: Transfer, done: Done): void {
    if (!this.#mayWrite()) process.nextTick(done, ESHUTDOWN);
    else this.#file.writeLater({ ...transfer, mayStart: this.#mayWrite }, done);
  }

  /** What a lost lock leaves without a sync is not the disk any more, and no success either. */
  sync(done: Done): void {
    if (!this.#mayWrite()) process.nextTick(done, ESHUTDOWN);
    else this.#file.sync(done);
  }

  truncate(sizeBytes: number, done: Done): void {
    if (!this.#mayWrite()) process.nextTick(done, ESHUTDOWN);
    else this.#file.truncate(sizeBytes, done);
  }

  punch(position: number, length: number, done: (punched: boolean) => void): void {
    if (!this.#mayWrite()) process.nextTick(done, false);
    else this.#file.punch(position, length, done);
  }

  reserve(position: number, length: number, done: (reserved: boolean) => void): void {
    if (!this.#mayWrite()) process.nextTick(done, false);
    else this.#file.reserve(position, length, done);
  }

  allocatedBytes(): Promise<number> {
    return this.#file.allocatedBytes();
  }

  close(): void {
    this.#file.close();
  }
}
