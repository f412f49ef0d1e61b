// Groups flushes: all that arrive while one fdatasync runs share the next one. A flush is never
// answered by a sync that began before it. The calls run in libuv's threads, because one can take
// many milliseconds.
import { fdatasync } from 'node:fs';
import { errnoOfCode } from '#lib/formats/nbd/errno.ts';

type Done = (error: number) => void;

export class SyncGroup {
  readonly #fds: readonly number[];
  #running = false;
  #waiting: Done[] = [];

  constructor(fds: readonly number[]) {
    this.#fds = fds;
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
    let left = this.#fds.length;
    let worst = 0;
    const one = (failure: NodeJS.ErrnoException | null): void => {
      if (failure !== null) worst = errnoOfCode(failure.code);
      left -= 1;
      if (left > 0) return;
      this.#running = false;
      if (this.#waiting.length > 0) this.#start();
      for (const done of group) done(worst);
    };
    for (const fd of this.#fds) fdatasync(fd, one);
  }
}
