// The heartbeat of one process on one VMFS datastore: a small file in `.heartbeats` that it writes
// over each second, for all the locks there that name it. Whoever waits for one of these locks
// looks at this file. Once it could not be written within the lease it is never written again, and
// all its locks are lost. docs/adr/0006 and 0014 have the argument.
import { join } from 'node:path';
import type { Clock, Timer } from '#lib/base/clock.ts';
import { type Random, randomHex } from '#lib/base/random.ts';
import { LOCK_RENEW_MS } from '#lib/model/limits.ts';
import { errnoOf } from '../errno.ts';
import type { LockOwner } from '../lock-record.ts';
import type { ProcessIdentity } from '../process-identity.ts';
import type { SmallFiles } from '../small-files.ts';
import { Lease } from './lease.ts';
import { paddedRecord } from './padded-record.ts';

export interface HeartbeatParts {
  /** The folder of heartbeats on the datastore. */
  folder: string;
  files: SmallFiles;
  clock: Clock;
  random: Random;
  /** For people, and to tell whether it is dead. */
  owner: LockOwner;
  process: ProcessIdentity;
}

/** A lock that lives by a heartbeat. */
export interface BeatingLock {
  /** Looks whether the lock is still its own, and says so if not. May throw what files throw. */
  look(): Promise<void>;
  lose(reason: string): void;
}

export class Heartbeat {
  /** The name of its file: 32 hexadecimal digits, of this one alone. */
  readonly id: string;
  readonly lease: Lease;
  readonly #parts: HeartbeatParts;
  readonly #path: string;
  readonly #locks = new Set<BeatingLock>();
  readonly #startedAt: number;
  #beats = 0;
  #ended = false;
  #timer: Timer | null = null;
  #beating: Promise<void> = Promise.resolve();
  #looking = false;

  private constructor(parts: HeartbeatParts, id: string, startedAt: number) {
    this.#parts = parts;
    this.id = id;
    this.#path = join(parts.folder, id);
    this.#startedAt = parts.clock.now();
    this.lease = new Lease(parts.clock, startedAt);
  }

  /** Writes it for the first time. Throws what files throw. */
  static async start(parts: HeartbeatParts): Promise<Heartbeat> {
    const { folder, files, clock, random } = parts;
    const startedAt = clock.monotonic();
    const heartbeat = new Heartbeat(parts, randomHex(random, 16), startedAt);
    await files.makeDirectory(folder);
    await files.write(heartbeat.#path, heartbeat.#text(), { durable: false });
    heartbeat.#timer = heartbeat.#schedule();
    return heartbeat;
  }

  /** Whether new locks may live by it. */
  get isAlive(): boolean {
    return !this.#ended && this.lease.isCurrent();
  }

  add(lock: BeatingLock): void {
    this.#locks.add(lock);
  }

  remove(lock: BeatingLock): void {
    this.#locks.delete(lock);
  }

  /** Ends it in good order, with no lock left. */
  async stop(): Promise<void> {
    this.#end();
    await this.#beating;
    await this.#parts.files.remove(this.#path).catch((error: unknown) => {
      if (errnoOf(error) !== 'ENOENT') throw error;
    });
  }

  #end(): void {
    this.#ended = true;
    this.#timer?.cancel();
  }

  #schedule(): Timer {
    return this.#parts.clock.after(LOCK_RENEW_MS, () => {
      this.#beating = this.#beatOrRetry();
    });
  }

  async #beatOrRetry(): Promise<void> {
    try {
      await this.#beat();
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') this.#lose('The heartbeat of this host was removed.');
      // A file system that errs for a moment is tried again; the end of the lease ends that.
      else if (!this.lease.isCurrent()) this.#lose(`${NOT_IN_TIME}: ${String(error)}`);
    }
    if (!this.#ended) this.#timer = this.#schedule();
  }

  async #beat(): Promise<void> {
    const { clock, files } = this.#parts;
    const startedAt = clock.monotonic();
    if (!this.lease.isCurrent()) return this.#lose(`${NOT_IN_TIME}.`);
    this.#beats += 1;
    await files.overwrite(this.#path, this.#text());
    if (!this.lease.extend(startedAt)) return this.#lose(`${NOT_IN_TIME}.`);
    this.#look();
  }

  /**
   * Nothing that is safe rests on it: it finds locks that somebody has removed, or has taken while
   * the whole machine slept. So a directory that does not answer delays no heartbeat.
   */
  #look(): void {
    if (this.#looking) return;
    this.#looking = true;
    const looks = [...this.#locks].map((lock) => lock.look());
    void Promise.allSettled(looks).then(() => {
      this.#looking = false;
    });
  }

  #lose(reason: string): void {
    if (this.#ended) return;
    this.#end();
    for (const lock of [...this.#locks]) lock.lose(reason);
  }

  #text(): string {
    const { owner, process } = this.#parts;
    const record = { id: this.id, owner, process, startedAt: this.#startedAt, beat: this.#beats };
    return paddedRecord(record);
  }
}

const NOT_IN_TIME = 'The heartbeat on the datastore could not be written in time';
