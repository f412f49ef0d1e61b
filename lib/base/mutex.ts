// One at a time: callers queue in the order in which they came.

export class Mutex {
  #tail: Promise<unknown> = Promise.resolve();

  /** Runs the work when all work queued before it has ended, however that ended. */
  run<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(work, work);
    this.#tail = result.catch(() => undefined);
    return result;
  }
}
