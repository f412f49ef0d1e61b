// Random I/O of all kinds on a trial's disk, many at a time, every answer checked against the
// model. Sizes from one sector to 256 KiB, any alignment of sectors, half of it on one hot MiB so
// that I/Os meet.

import type { XorShift } from '#lib/filter-sdk/xor-shift.ts';
import { COMMAND_FLAGS, COMMANDS } from '#lib/formats/nbd/constants.ts';
import { DiskModel } from './disk-model.ts';
import { SECTOR_BYTES } from './sector-pattern.ts';
import { Failure, type Trial } from './trial.ts';

type Client = Awaited<ReturnType<Trial['connect']>>;

const HOT_SECTORS = 2048;
const LARGEST_SECTORS = 512;
const CLIENTS = 2;
const VERIFY_SECTORS = 512;

export interface LoadOptions {
  operations: number;
  depth: number;
  /** Errors of I/Os are expected, because the drive below fails. */
  errorsExpected?: boolean;
  /** Begins the sentence when a read is wrong. */
  what?: string;
  /** Asked before each I/O; true ends the load. */
  until?(): boolean;
  /** Told when the clients are connected and the first I/O goes out. */
  onBegin?(): void;
}

interface Range {
  first: number;
  end: number;
}

export class DiskLoad {
  readonly model: DiskModel;
  readonly #trial: Trial;
  readonly #random: XorShift;
  /** Operations that were answered, and of these how many with an error. */
  answered = 0;
  errors = 0;

  constructor(trial: Trial, random: XorShift) {
    this.#trial = trial;
    this.#random = random;
    this.model = new DiskModel(trial.sizeBytes / SECTOR_BYTES);
  }

  /** Throws Failure at the first answer that the model does not allow. */
  async run(options: LoadOptions): Promise<void> {
    const clients: Client[] = [];
    for (let count = 0; count < CLIENTS; count++) clients.push(await this.#trial.connect());
    options.onBegin?.();
    let left = options.operations;
    let failed = false;
    const worker = async (index: number): Promise<void> => {
      const client = clients[index % CLIENTS];
      while (client && left > 0 && !failed && !(options.until?.() ?? false)) {
        left -= 1;
        await this.#one(client, options);
      }
    };
    const workers = Array.from({ length: options.depth }, (_, index) =>
      worker(index).catch((thrown: unknown) => {
        failed = true;
        throw thrown;
      }),
    );
    const results = await Promise.allSettled(workers);
    for (const client of clients) this.#trial.disconnect(client);
    const problems = results.filter((each) => each.status === 'rejected');
    // What was read wrong says more than the connection that broke then.
    const wrong = problems.find(({ reason }) => reason instanceof Failure) ?? problems[0];
    if (wrong) throw wrong.reason;
  }

  async flush(): Promise<void> {
    const client = await this.#trial.connect();
    await this.#flush(client, false);
    this.#trial.disconnect(client);
  }

  /**
   * Reads the whole disk, or that of another trial which has to be the same. `what` begins the
   * sentence when something is wrong.
   */
  async verify(what: string, trial = this.#trial): Promise<void> {
    const client = await trial.connect();
    for (let first = 0; first < this.model.sectors; first += VERIFY_SECTORS) {
      const end = Math.min(this.model.sectors, first + VERIFY_SECTORS);
      await this.#read(client, { first, end }, { what, errorsExpected: false });
    }
    trial.disconnect(client);
  }

  async #one(client: Client, options: LoadOptions): Promise<void> {
    const { errorsExpected = false, what = 'A read' } = options;
    const chance = this.#random.next();
    const range = this.#range();
    const forced = this.#random.next() < 0.1;
    if (chance < 0.4) await this.#read(client, range, { what, errorsExpected });
    else if (chance < 0.8)
      await this.#change(client, { kind: 'write', range, forced }, errorsExpected);
    else if (chance < 0.87)
      await this.#change(client, { kind: 'zero', range, forced }, errorsExpected);
    else if (chance < 0.94)
      await this.#change(client, { kind: 'trim', range, forced }, errorsExpected);
    else if (chance < 0.97) await this.#flush(client, errorsExpected);
    else await this.#prefetch(client, range, errorsExpected);
    this.answered += 1;
  }

  async #read(
    client: Client,
    { first, end }: Range,
    { what, errorsExpected }: { what: string; errorsExpected: boolean },
  ): Promise<void> {
    const read = this.model.beginRead(first, end);
    const offset = first * SECTOR_BYTES;
    const length = (end - first) * SECTOR_BYTES;
    const reply = await this.#trial.request(client, { command: COMMANDS.read, offset, length });
    if (this.#failed(reply.error, 'read', errorsExpected)) return this.model.endRead(read);
    const wrong = this.model.judgeRead(read, reply.data);
    if (wrong !== null) throw new Failure(`${what} brought wrong data: ${wrong}.`);
  }

  async #change(
    client: Client,
    { kind, range, forced }: { kind: 'write' | 'zero' | 'trim'; range: Range; forced: boolean },
    errorsExpected: boolean,
  ): Promise<void> {
    const change = this.model.begin(kind, range, forced);
    const flags = forced ? COMMAND_FLAGS.fua : 0;
    const offset = range.first * SECTOR_BYTES;
    const length = (range.end - range.first) * SECTOR_BYTES;
    const command = { write: COMMANDS.write, zero: COMMANDS.writeZeroes, trim: COMMANDS.trim }[
      kind
    ];
    const data = kind === 'write' ? { data: this.model.dataOf(change) } : {};
    const request = { command, offset, length, flags, ...data };
    const { error } = await this.#trial.request(client, request);
    this.model.end(change, this.#failed(error, kind, errorsExpected));
  }

  async #flush(client: Client, errorsExpected: boolean): Promise<void> {
    const flush = this.model.beginFlush();
    const { error } = await this.#trial.request(client, { command: COMMANDS.flush });
    if (!this.#failed(error, 'flush', errorsExpected)) this.model.flushed(flush);
  }

  async #prefetch(client: Client, { first, end }: Range, errorsExpected: boolean): Promise<void> {
    const range = { offset: first * SECTOR_BYTES, length: (end - first) * SECTOR_BYTES };
    const { error } = await this.#trial.request(client, { command: COMMANDS.cache, ...range });
    this.#failed(error, 'prefetch', errorsExpected);
  }

  #failed(error: number, operation: string, expected: boolean): boolean {
    if (error === 0) return false;
    this.errors += 1;
    if (expected) return true;
    throw new Failure(`A ${operation} failed with error ${error}, though the disk below did not.`);
  }

  #range(): Range {
    const { sectors } = this.model;
    const space = this.#random.next() < 0.5 ? Math.min(HOT_SECTORS, sectors) : sectors;
    // Most I/Os are small: a power of two at most, and then any number up to it.
    const most = 2 ** Math.floor(1 + this.#random.next() * Math.log2(LARGEST_SECTORS));
    const length = Math.min(space, 1 + Math.floor(this.#random.next() * most));
    const aligned = this.#random.next() < 0.5 ? 8 : 1;
    const first = Math.floor((this.#random.next() * (space - length)) / aligned) * aligned;
    return { first, end: first + length };
  }
}
