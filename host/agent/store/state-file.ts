// One JSON value in a file, replaced durably in one step at each change.
import { readFile, unlink } from 'node:fs/promises';
import type { z } from 'zod';
import { Mutex } from '#lib/base/mutex.ts';
import { Fault } from '#lib/model/fault.ts';
import { errnoOf } from '../../datastore/errno.ts';
import { writeFileDurably } from '../../datastore/write-file.ts';

export class StateFile<S extends z.ZodType> {
  readonly #path: string;
  readonly #mutex = new Mutex();
  #value: z.output<S>;
  #removed = false;

  private constructor(path: string, value: z.output<S>) {
    this.#path = path;
    this.#value = value;
  }

  /** Reads the file, or starts with the given value; that one is written first. */
  static async open<S extends z.ZodType>(
    path: string,
    schema: S,
    initial: () => z.output<S>,
  ): Promise<StateFile<S>> {
    const text = await readFile(path, 'utf8').catch((error: unknown) => {
      if (errnoOf(error) === 'ENOENT') return null;
      throw error;
    });
    if (text !== null) return new StateFile<S>(path, schema.parse(JSON.parse(text)));
    const value = initial();
    const file = new StateFile<S>(path, value);
    await file.set(value);
    return file;
  }

  get value(): z.output<S> {
    return this.#value;
  }

  /** Readers see the new value when it is durable. */
  set(value: z.output<S>): Promise<void> {
    return this.#mutex.run(async () => {
      if (this.#removed) throw new Fault('InvalidState', 'The object was removed meanwhile.');
      await writeFileDurably(this.#path, `${JSON.stringify(value, null, 2)}\n`);
      this.#value = value;
    });
  }

  remove(): Promise<void> {
    return this.#mutex.run(async () => {
      if (!this.#removed) await unlink(this.#path);
      this.#removed = true;
    });
  }
}
