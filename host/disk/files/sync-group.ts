// Groups the flushes of a file: all that arrive while one fdatasync runs share the next one. A
// flush is never answered by a sync that began before it. The calls run in libuv's threads, because
// one can take many milliseconds. After one has failed, all fail until the file is opened anew:
// Linux drops what it could not write, and would call the next sync a success (fsync(2)).
import { fdatasync } from 'node:fs';
import { errnoOfCode, NBD_ERRORS } from '#lib/formats/nbd/errno.ts';
import type { Done } from '../extent-file.ts';

export class SyncGroup {
  readonly #fd: number;
  #running = false;
  #waiting: Done[] = [];
  #failed = 0;

  constructor(fd: number) {
    this.#fd = fd;
  }

  /** Makes all writes that have returned durable, then calls back with 0 or an error number. */
  sync(done: Done): void {
    this.#waiting.push(done);
    if (!this.#running) this.#start();
  }

  #start(): void {
    const group = this.#waiting;
    this.#waiting = [];
    this.#running = true;
    fdatasync(this.#fd, (failure) => {
      this.#running = false;
      if (this.#waiting.length > 0) this.#start();
      const error = failure === null ? this.#failed : errnoOfCode(failure.code);
      // Where there was no room, the data are still there, and there may be room later.
      if (error !== NBD_ERRORS.ENOSPC) this.#failed = error;
      for (const done of group) done(error);
    });
  }
}
