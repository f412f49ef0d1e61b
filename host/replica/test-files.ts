// For tests: files on a simulated volume that work at once, until the machine's power fails at a
// call that the test has chosen; then what was not synced is lost in part.
import type { DiskFiles, ExtentFile, OpenMode, Transfer } from '../disk/extent-file.ts';
import type { SeededRandom } from '../sim/seeded-random.ts';
import { type SimFile, SimVolume, systemError } from '../sim/volume.ts';

/** How much of what was not synced survives. */
const KEPT = 0.5;

class PowerFailure extends Error {
  override readonly name = 'PowerFailure';
}

export class FailingFiles implements DiskFiles {
  readonly volume = new SimVolume();
  readonly #random: SeededRandom;
  #left = Number.POSITIVE_INFINITY;
  /** Files of the volume cannot become longer. */
  full = false;
  /** Tells the files that were open before a failure from those after it. */
  #boot = 0;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  /** The power fails at the call after so many. */
  failAfter(calls: number): void {
    this.#left = calls;
  }

  /** The machine is on again: all that was open is gone, and some of what was not durable. */
  restart(): void {
    this.volume.losePower(this.#random, KEPT);
    this.#left = Number.POSITIVE_INFINITY;
    this.#boot += 1;
  }

  /** Does it, unless the power has failed. */
  async run<T>(work: () => T, boot = this.#boot): Promise<T> {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    this.#left -= 1;
    if (this.#left < 0 || boot !== this.#boot) throw new PowerFailure('the power has failed');
    return work();
  }

  async open(path: string, mode: OpenMode): Promise<ExtentFile> {
    const { volume } = this;
    const file = await this.run(() =>
      mode === 'create' ? volume.create(path) : volume.find(path),
    );
    const boot = this.#boot;
    return new FailingExtent(path, file, {
      run: (work) => this.run(work, boot),
      isFull: () => this.full,
    });
  }

  list(directory: string): Promise<string[]> {
    return this.run(() => this.volume.list(directory));
  }

  read(path: string, bytesMax: number): Promise<Uint8Array> {
    return this.run(() => Uint8Array.from(this.volume.find(path).bytes.subarray(0, bytesMax)));
  }

  async write(
    path: string,
    data: string | Uint8Array,
    { durable }: { durable: boolean },
  ): Promise<void> {
    const file = await this.run(() => {
      const found = this.volume.has(path) ? this.volume.find(path) : this.volume.create(path);
      found.resize(0);
      return found;
    });
    await this.run(() => file.write(0, Buffer.from(data)));
    if (durable) await this.run(() => file.sync());
  }

  async overwrite(path: string, data: string, options?: { durable: boolean }): Promise<void> {
    await this.run(() => this.volume.find(path).write(0, Buffer.from(data)));
    if (options?.durable) await this.run(() => this.volume.find(path).sync());
  }

  link(path: string, newPath: string): Promise<void> {
    return this.run(() => this.volume.link(path, newPath));
  }

  rename(path: string, newPath: string): Promise<void> {
    return this.run(() => this.volume.rename(path, newPath));
  }

  remove(path: string): Promise<void> {
    return this.run(() => this.volume.remove(path));
  }

  makeDirectory(path: string): Promise<void> {
    return this.run(() => this.volume.makeDirectory(path));
  }

  removeDirectory(path: string): Promise<void> {
    return this.run(() => this.volume.removeDirectory(path));
  }

  async realPath(path: string): Promise<string> {
    if (!this.volume.has(path)) throw systemError('ENOENT', path);
    return path;
  }

  syncDirectory(): Promise<void> {
    return this.run(() => this.volume.syncNames());
  }
}

interface FailingVolume {
  run<T>(work: () => T): Promise<T>;
  isFull(): boolean;
}

class FailingExtent implements ExtentFile {
  readonly path: string;
  readonly punches = true;
  readonly #file: SimFile;
  readonly #volume: FailingVolume;

  constructor(path: string, file: SimFile, volume: FailingVolume) {
    this.path = path;
    this.#file = file;
    this.#volume = volume;
  }

  get sizeBytes(): number {
    return this.#file.size;
  }

  readNow(buffer: Buffer, start: number, length: number, position: number): number {
    if (position + length > this.#file.size) return EIO;
    this.#file.bytes.copy(buffer, start, position, position + length);
    return 0;
  }

  writeNow(buffer: Buffer, start: number, length: number, position: number): number {
    const grows = position + length > this.#file.size;
    // As much as there was room for, as file systems do.
    const part = grows && this.#volume.isFull() ? Math.floor(length / 2) : length;
    this.#file.write(position, buffer.subarray(start, start + part));
    return part < length ? ENOSPC : 0;
  }

  readLater({ buffer, start, length, position }: Transfer, done: (error: number) => void): void {
    this.#later(() => this.readNow(buffer, start, length, position), done);
  }

  readRunLater(run: readonly Transfer[], done: (error: number) => void): void {
    this.#later(() => {
      const errors = run.map((each) =>
        this.readNow(each.buffer, each.start, each.length, each.position),
      );
      return errors.find((error) => error !== 0) ?? 0;
    }, done);
  }

  writeLater({ buffer, start, length, position }: Transfer, done: (error: number) => void): void {
    const bytes = Buffer.from(buffer.subarray(start, start + length));
    this.#later(() => this.writeNow(bytes, 0, length, position), done);
  }

  sync(done: (error: number) => void): void {
    this.#later(() => {
      this.#file.sync();
      return 0;
    }, done);
  }

  truncate(sizeBytes: number, done: (error: number) => void): void {
    this.#later(() => {
      this.#file.resize(sizeBytes);
      return 0;
    }, done);
  }

  punch(position: number, length: number, done: (punched: boolean) => void): void {
    this.#later(
      () => {
        this.#file.zero(position, Math.min(length, this.#file.size - position));
        return 0;
      },
      (error) => done(error === 0),
    );
  }

  reserve(_position: number, _length: number, done: (reserved: boolean) => void): void {
    setImmediate(done, false);
  }

  async allocatedBytes(): Promise<number> {
    return this.#file.allocatedBytes;
  }

  close(): void {
    // Nothing is held.
  }

  #later(work: () => number, done: (error: number) => void): void {
    this.#volume.run(work).then(done, () => done(EIO));
  }
}

const EIO = 5;
const ENOSPC = 28;
