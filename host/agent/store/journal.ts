// A file of JSON lines that only grows, for what must survive a kill at any moment: host events and
// results of operations. A torn last line, the mark of a crash, is cut off when the file is opened.
import { type FileHandle, open, readFile } from 'node:fs/promises';
import type { z } from 'zod';
import { Mutex } from '#lib/base/mutex.ts';
import { errnoOf } from '../../datastore/errno.ts';
import { writeFileDurably } from '../../datastore/write-file.ts';

export interface JournalOptions<S extends z.ZodType> {
  path: string;
  schema: S;
  /** So many entries are kept when the file is rewritten; it is rewritten at twice as many. */
  keep: number;
}

export class Journal<S extends z.ZodType> {
  readonly #options: JournalOptions<S>;
  readonly #mutex = new Mutex();
  #entries: z.output<S>[];
  #file: FileHandle;

  private constructor(options: JournalOptions<S>, entries: z.output<S>[], file: FileHandle) {
    this.#options = options;
    this.#entries = entries;
    this.#file = file;
  }

  static async open<S extends z.ZodType>(options: JournalOptions<S>): Promise<Journal<S>> {
    const entries = (await readEntries(options)).slice(-options.keep);
    await writeFileDurably(options.path, linesOf(entries));
    return new Journal(options, entries, await open(options.path, 'a', 0o600));
  }

  /** Oldest first. */
  get entries(): readonly z.output<S>[] {
    return this.#entries;
  }

  /** Durable when it returns; readers see the entry at once. */
  async append(entry: z.output<S>): Promise<void> {
    this.#entries.push(entry);
    await this.#mutex.run(async () => {
      await this.#file.appendFile(linesOf([entry]));
      await this.#file.datasync();
      if (this.#entries.length >= 2 * this.#options.keep) await this.#compact();
    });
  }

  close(): Promise<void> {
    return this.#mutex.run(() => this.#file.close());
  }

  async #compact(): Promise<void> {
    this.#entries = this.#entries.slice(-this.#options.keep);
    await writeFileDurably(this.#options.path, linesOf(this.#entries));
    await this.#file.close();
    this.#file = await open(this.#options.path, 'a', 0o600);
  }
}

async function readEntries<S extends z.ZodType>({
  path,
  schema,
}: JournalOptions<S>): Promise<z.output<S>[]> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return '';
    throw error;
  });
  // What follows the last newline was not written to its end.
  const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
  return lines.filter((line) => line !== '').map((line) => schema.parse(JSON.parse(line)));
}

function linesOf(entries: unknown[]): string {
  return entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
}
