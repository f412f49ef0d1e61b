// The files of one disk's lock: a directory `<descriptor>.lck` with one file for each epoch,
// `epoch-7`. The lock is the file with the highest number. To take or break it is to create the
// next number with link(2), which exactly one process can do; the holder alone writes its own file.
// Nobody ever replaces another's file.
import { join } from 'node:path';
import { errnoOf } from './errno.ts';
import { type LockRecord, parseLockRecord } from './lock-record.ts';
import { paddedRecord } from './locking/padded-record.ts';
import { type SmallFiles, systemFiles } from './small-files.ts';

/** A record is far smaller, in bytes. */
const RECORD_BYTES_MAX = 16 * 1024;

export interface LockFile {
  /** 0 when the disk was never locked. */
  epoch: number;
  /** The bytes as they are, to see whether they change. */
  text: string;
  /** Null when there is no file or it holds no whole record. */
  record: LockRecord | null;
}

export class LockDirectory {
  readonly path: string;
  readonly #files: SmallFiles;

  constructor(descriptorPath: string, files: SmallFiles = systemFiles) {
    this.path = `${descriptorPath}.lck`;
    this.#files = files;
  }

  /** The newest epoch and what its file says. */
  async current(): Promise<LockFile> {
    for (;;) {
      const epoch = await this.highestEpoch();
      if (epoch === 0) return { epoch, text: '', record: null };
      const text = await this.#read(epoch);
      // A file that went between the two calls was replaced by a higher epoch: look again.
      if (text !== null) return { epoch, text, record: parseLockRecord(text) };
    }
  }

  async highestEpoch(): Promise<number> {
    const names = await this.#files.list(this.path).catch((error: unknown) => {
      if (errnoOf(error) === 'ENOENT') return [];
      throw error;
    });
    return Math.max(0, ...names.map(epochOf));
  }

  /** Creates the epoch's file; false when another process was first. */
  async create(epoch: number, record: LockRecord): Promise<boolean> {
    await this.#files.makeDirectory(this.path);
    if (!(await this.#linkNew(epoch, record))) return false;
    // Files of past epochs get removed, so that the number could be free although it was used
    // before.
    if ((await this.highestEpoch()) === epoch) return true;
    await this.#removeIfThere(this.#file(epoch));
    return false;
  }

  /** Writes the holder's own file anew, in place. ENOENT when it is not there any more. */
  async replace(epoch: number, record: LockRecord): Promise<void> {
    await this.#files.overwrite(this.#file(epoch), paddedRecord(record));
  }

  async readRecord(epoch: number): Promise<LockRecord | null> {
    const text = await this.#read(epoch);
    return text === null ? null : parseLockRecord(text);
  }

  /** Removes the files of epochs that are over, and what processes left that died while writing. */
  async removeBelow(epoch: number, { nonce }: LockRecord): Promise<void> {
    for (const name of await this.#files.list(this.path)) {
      const old = epochOf(name);
      const leftover = name.startsWith('new-') && name !== `new-${nonce}`;
      if ((old > 0 && old < epoch) || leftover) await this.#removeIfThere(join(this.path, name));
    }
  }

  async #linkNew(epoch: number, record: LockRecord): Promise<boolean> {
    const temporary = join(this.path, `new-${record.nonce}`);
    await this.#files.write(temporary, paddedRecord(record), { durable: true });
    try {
      await this.#files.link(temporary, this.#file(epoch));
      return true;
    } catch (error) {
      // The winner tidies up and may have removed our file under us.
      if (errnoOf(error) === 'ENOENT') return false;
      if (errnoOf(error) !== 'EEXIST') throw error;
      // A network file system may report its own repeated, successful call as "exists".
      return (await this.readRecord(epoch))?.nonce === record.nonce;
    } finally {
      await this.#removeIfThere(temporary);
    }
  }

  async #read(epoch: number): Promise<string | null> {
    try {
      const bytes = await this.#files.read(this.#file(epoch), RECORD_BYTES_MAX);
      return new TextDecoder().decode(bytes);
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return null;
      throw error;
    }
  }

  async #removeIfThere(path: string): Promise<void> {
    await this.#files.remove(path).catch((error: unknown) => {
      if (errnoOf(error) !== 'ENOENT') throw error;
    });
  }

  #file(epoch: number): string {
    return join(this.path, `epoch-${epoch}`);
  }
}

function epochOf(name: string): number {
  const match = /^epoch-([1-9]\d{0,14})$/.exec(name);
  return match ? Number(match[1]) : 0;
}
