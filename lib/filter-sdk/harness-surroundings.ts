// What stands around a filter in its tests besides the disk: a sidecar, the I/O below it, and a
// line to a daemon, all in memory and under the test's control.
import { assert } from '../base/assert.ts';
import type { BelowIo, DaemonLine, FilterSidecar } from './filter.ts';

export class HarnessSidecar implements FilterSidecar {
  /** As it was at open; what was written since is in `stored`. */
  readonly contents: Uint8Array | null;
  stored: Uint8Array | null;
  /** Makes the next writes fail. */
  broken = false;

  constructor(contents: Uint8Array | null) {
    this.contents = contents;
    this.stored = contents;
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.broken) throw ioError('the sidecar cannot be written');
    this.stored = new Uint8Array(bytes);
  }
}

/** Each I/O is done before the promise is returned, which then resolves in a later microtask. */
export class HarnessBelow implements BelowIo {
  readonly #disk: Uint8Array;
  readonly log: string[] = [];
  /** Makes the next I/Os fail. */
  broken = false;
  /** Makes the next flushes fail, after writes that did not. */
  flushesFail = false;
  /** Writes are done when that has resolved. */
  writesWait: Promise<void> = Promise.resolve();

  constructor(disk: Uint8Array) {
    this.#disk = disk;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    this.#check('read', offset, length);
    return this.#disk.slice(offset, offset + length);
  }

  async write(offset: number, data: Uint8Array): Promise<void> {
    await this.writesWait;
    this.#check('write', offset, data.length);
    this.#disk.set(data, offset);
  }

  async writeZeroes(offset: number, length: number): Promise<void> {
    this.#check('writeZeroes', offset, length);
    this.#disk.fill(0, offset, offset + length);
  }

  async trim(offset: number, length: number): Promise<void> {
    this.#check('trim', offset, length);
    this.#disk.fill(0, offset, offset + length);
  }

  async flush(): Promise<void> {
    this.log.push('flush');
    if (this.broken || this.flushesFail) throw ioError('the I/O below the filter failed');
  }

  #check(operation: string, offset: number, length: number): void {
    this.log.push(`${operation} ${offset}+${length}`);
    assert(offset % 512 === 0 && length % 512 === 0 && length > 0, 'own I/O is whole sectors');
    assert(offset >= 0 && offset + length <= this.#disk.length, 'own I/O is within the disk');
    if (this.broken) throw ioError('the I/O below the filter failed');
  }
}

export class HarnessLine implements DaemonLine {
  /** What the filter has sent. */
  readonly sent: Uint8Array[] = [];
  #connected = true;
  #onMessage: (message: Uint8Array) => void = () => undefined;
  #onState: (connected: boolean) => void = () => undefined;

  send(message: Uint8Array): boolean {
    if (this.#connected) this.sent.push(new Uint8Array(message));
    return this.#connected;
  }

  onMessage(listener: (message: Uint8Array) => void): void {
    this.#onMessage = listener;
  }

  onState(listener: (connected: boolean) => void): void {
    this.#onState = listener;
    listener(this.#connected);
  }

  /** The daemon says something. */
  deliver(message: Uint8Array): void {
    this.#onMessage(new Uint8Array(message));
  }

  /** The daemon goes away, or comes back. */
  setConnected(connected: boolean): void {
    this.#connected = connected;
    this.#onState(connected);
  }
}

/** As a host rejects: the name of the errno, and why. */
function ioError(why: string): Error {
  return new Error(`EIO: ${why}`);
}
