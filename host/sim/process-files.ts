// The files of the simulated datastore as one process sees them: calls take time, land late, fail,
// hang while its host is cut off, and may land in part, or not at all, when the host crashes.
import { NBD_ERRORS } from '#lib/formats/nbd/errno.ts';
import type { DiskFiles, Done, ExtentFile, OpenMode, Transfer } from '../disk/extent-file.ts';
import type { SimProcess } from './machine.ts';
import type { SeededRandom } from './seeded-random.ts';
import { CALL_MS_MAX, type StorageFaults } from './storage-faults.ts';
import { SECTOR, type SimFile, type SimVolume, systemError } from './volume.ts';

/** Delays above this block a thread that calls synchronously, in milliseconds. */
const BLOCKING_MS = 5;
/** How often a call of a host that is cut off is tried again, in milliseconds. */
const RETRY_MS = 20;

export interface Storage {
  volume: SimVolume;
  faults: StorageFaults;
  random: SeededRandom;
  /** Calls that have not landed: what a power failure ends. */
  inFlight: Set<InFlight>;
  /** Bytes of an extent have changed; told who did it. */
  onLanded(path: string, process: SimProcess): void;
}

export interface InFlight {
  /** The power fails: it lands now, in whole or in part, or never. */
  cutShort(): void;
}

/** A call under way. */
interface Call {
  /** Does it, or with false, as a host crashes, some of it. */
  land(whole: boolean): number;
  /** Told 0 or an error number. */
  done: Done;
}

export class ProcessFiles implements DiskFiles {
  readonly storage: Storage;
  readonly process: SimProcess;
  /** Writes of a blocked thread that have not landed, in their order. */
  readonly #transit: (() => void)[] = [];

  constructor(storage: Storage, process: SimProcess) {
    this.storage = storage;
    this.process = process;
  }

  async open(path: string, mode: OpenMode): Promise<ExtentFile> {
    const file = await this.#small(path, () => {
      const { volume } = this.storage;
      return mode === 'create' ? volume.create(path) : volume.find(path);
    });
    return new ProcessExtent(this, path, file);
  }

  list(directory: string): Promise<string[]> {
    return this.#small(directory, () => this.storage.volume.list(directory));
  }

  read(path: string, bytesMax: number): Promise<Uint8Array> {
    return this.#small(path, () =>
      Uint8Array.from(this.storage.volume.find(path).bytes.subarray(0, bytesMax)),
    );
  }

  async write(
    path: string,
    data: string | Uint8Array,
    { durable }: { durable: boolean },
  ): Promise<void> {
    const bytes = Buffer.from(data);
    const { volume } = this.storage;
    // Two calls, as it is two with a real file system: others may see it empty.
    const file = await this.#small(path, () => {
      const found = volume.has(path) ? volume.find(path) : volume.create(path);
      found.resize(0);
      return found;
    });
    await this.#small(path, () => {
      if (this.storage.faults.full) throw systemError('ENOSPC', path);
      file.write(0, bytes);
    });
    if (durable) await this.#small(path, () => file.sync());
  }

  async overwrite(path: string, data: string, options?: { durable: boolean }): Promise<void> {
    const { volume } = this.storage;
    await this.#small(path, () => volume.find(path).write(0, Buffer.from(data)));
    if (options?.durable) await this.#small(path, () => volume.find(path).sync());
  }

  link(path: string, newPath: string): Promise<void> {
    return this.#small(newPath, () => this.storage.volume.link(path, newPath));
  }

  rename(path: string, newPath: string): Promise<void> {
    return this.#small(newPath, () => this.storage.volume.rename(path, newPath));
  }

  remove(path: string): Promise<void> {
    return this.#small(path, () => this.storage.volume.remove(path));
  }

  makeDirectory(path: string): Promise<void> {
    return this.#small(path, () => this.storage.volume.makeDirectory(path));
  }

  removeDirectory(path: string): Promise<void> {
    return this.#small(path, () => this.storage.volume.removeDirectory(path));
  }

  realPath(path: string): Promise<string> {
    return Promise.resolve(path);
  }

  syncDirectory(path: string): Promise<void> {
    return this.#small(path, () => this.storage.volume.syncNames());
  }

  /** Lands a call after some time and tells the process after some more. */
  call({ land, done }: Call): void {
    const { process, storage } = this;
    if (!process.alive) return;
    const { schedule } = process.host;
    const { random } = storage;
    const leave = process.enterKernel();
    const startedAt = process.localNow;
    const answer = (error: number): void => {
      leave();
      process.run(schedule.now + random.between(0, 0.2), () => done(error));
    };
    const inFlight: InFlight = {
      cutShort: () => {
        storage.inFlight.delete(inFlight);
        leave();
        if (random.chance(0.5)) land(random.chance(0.5));
      },
    };
    const end = (error: number): void => {
      storage.inFlight.delete(inFlight);
      answer(error);
    };
    const reach = (): void => {
      if (!storage.inFlight.has(inFlight)) return;
      if (process.crashed) inFlight.cutShort();
      else if (!process.host.cutOff) end(land(true));
      else if (schedule.now - startedAt >= CALL_MS_MAX) end(NBD_ERRORS.EIO);
      else schedule.after(RETRY_MS, reach);
    };
    storage.inFlight.add(inFlight);
    schedule.at(startedAt + this.#delay(), reach);
  }

  /** A read that blocks the thread. */
  readNow(read: () => number): number {
    if (!this.process.alive) return NBD_ERRORS.EIO;
    if (this.process.host.cutOff) return this.#hang();
    const delay = this.#delay();
    if (delay > BLOCKING_MS) this.process.block(delay);
    this.#landTransit();
    return read();
  }

  /** A write that blocks the thread: what it does lands when it ends. */
  writeNow(error: number, effect: (whole: boolean) => void): number {
    const { process } = this;
    const { host } = process;
    if (!process.alive) return NBD_ERRORS.EIO;
    if (host.cutOff) return this.#hang();
    const delay = this.#delay();
    if (delay > BLOCKING_MS) process.block(delay);
    if (this.#transit.length === 0 && process.localNow === host.schedule.now) {
      effect(true);
      return error;
    }
    const { random, inFlight } = this.storage;
    const leave = process.enterKernel();
    const end = (): boolean => {
      const at = this.#transit.indexOf(land);
      if (at < 0) return false;
      this.#transit.splice(at, 1);
      inFlight.delete(entry);
      leave();
      return true;
    };
    const entry: InFlight = {
      cutShort: () => {
        if (end() && random.chance(0.5)) effect(random.chance(0.5));
      },
    };
    const land = (): void => {
      if (process.crashed) entry.cutShort();
      else if (end()) effect(true);
    };
    this.#transit.push(land);
    inFlight.add(entry);
    host.schedule.at(process.localNow, land);
    return error;
  }

  #hang(): number {
    this.#landTransit();
    this.process.block(CALL_MS_MAX);
    return NBD_ERRORS.EIO;
  }

  #landTransit(): void {
    for (const land of [...this.#transit]) land();
  }

  #delay(): number {
    const { random, faults } = this.storage;
    const delayMs = Math.max(faults.delayMs, this.process.host.delayMs);
    return random.between(0, Math.min(delayMs, CALL_MS_MAX));
  }

  #small<T>(path: string, effect: () => T): Promise<T> {
    const { random } = this.storage;
    return new Promise((resolve, reject) => {
      let result: { value: T } | null = null;
      let failure: unknown = null;
      const land = (): number => {
        const fails = random.chance(this.process.host.smallFileErrors);
        if (fails && random.chance(0.5)) return NBD_ERRORS.EIO;
        try {
          result = { value: effect() };
        } catch (thrown) {
          failure = thrown;
          return NBD_ERRORS.EIO;
        }
        return fails ? NBD_ERRORS.EIO : 0;
      };
      const done = (error: number): void => {
        if (error === 0 && result !== null) resolve(result.value);
        else reject(failure ?? systemError('EIO', path));
      };
      this.call({ land, done });
    });
  }
}

class ProcessExtent implements ExtentFile {
  readonly path: string;
  readonly punches = true;
  readonly #files: ProcessFiles;
  readonly #file: SimFile;
  #size: number;
  #syncFailed = false;

  constructor(files: ProcessFiles, path: string, file: SimFile) {
    this.path = path;
    this.#files = files;
    this.#file = file;
    this.#size = file.size;
  }

  get sizeBytes(): number {
    return this.#size;
  }

  readNow(buffer: Buffer, start: number, length: number, position: number): number {
    return this.#files.readNow(() => this.#read({ buffer, start, length, position }));
  }

  writeNow(buffer: Buffer, start: number, length: number, position: number): number {
    this.#size = Math.max(this.#size, position + length);
    const data = Buffer.from(buffer.subarray(start, start + length));
    const error = this.#judgeWrite(position, length);
    if (error === NBD_ERRORS.ENOSPC) return error;
    return this.#files.writeNow(error, (whole) => this.#write(position, data, whole && !error));
  }

  readLater(transfer: Transfer, done: Done): void {
    this.#files.call({ land: () => this.#read(transfer), done });
  }

  writeLater({ buffer, start, length, position }: Transfer, done: Done): void {
    this.#size = Math.max(this.#size, position + length);
    const data = buffer.subarray(start, start + length);
    const land = (whole: boolean): number => {
      const error = this.#judgeWrite(position, length);
      if (error !== NBD_ERRORS.ENOSPC) this.#write(position, data, whole && error === 0);
      return error;
    };
    this.#files.call({ land, done });
  }

  sync(done: Done): void {
    const { faults, random } = this.#files.storage;
    const land = (whole: boolean): number => {
      if (!whole) return NBD_ERRORS.EIO;
      if (this.#syncFailed) return NBD_ERRORS.EIO;
      if (random.chance(faults.syncErrors)) {
        this.#syncFailed = true;
        if (faults.syncForgets) this.#file.poison();
        return NBD_ERRORS.EIO;
      }
      this.#file.sync();
      return 0;
    };
    this.#files.call({ land, done });
  }

  truncate(sizeBytes: number, done: Done): void {
    const land = (): number => {
      this.#file.resize(sizeBytes);
      this.#size = sizeBytes;
      return 0;
    };
    this.#files.call({ land, done });
  }

  punch(position: number, length: number, done: (punched: boolean) => void): void {
    const land = (): number => {
      const end = Math.min(position + length, this.#file.size);
      if (end > position) this.#file.zero(position, end - position);
      this.#landed();
      return 0;
    };
    this.#files.call({ land, done: (error) => done(error === 0) });
  }

  reserve(position: number, length: number, done: (reserved: boolean) => void): void {
    const land = (): number => {
      if (this.#files.storage.faults.full) return NBD_ERRORS.ENOSPC;
      if (position + length > this.#file.size) this.#file.resize(position + length);
      this.#file.allocate(position, length);
      this.#size = Math.max(this.#size, position + length);
      return 0;
    };
    this.#files.call({ land, done: (error) => done(error === 0) });
  }

  allocatedBytes(): Promise<number> {
    return Promise.resolve(this.#file.allocatedBytes);
  }

  close(): void {
    // Nothing is kept for an open file.
  }

  #read({ buffer, start, length, position }: Transfer): number {
    const { faults, random } = this.#files.storage;
    if (random.chance(faults.readErrors)) return NBD_ERRORS.EIO;
    if (position + length > this.#file.size) return NBD_ERRORS.EIO;
    this.#file.bytes.copy(buffer, start, position, position + length);
    return 0;
  }

  #judgeWrite(position: number, length: number): number {
    const { faults, random } = this.#files.storage;
    if (faults.full && !this.#file.hasSpace(position, length)) return NBD_ERRORS.ENOSPC;
    return random.chance(faults.writeErrors) ? NBD_ERRORS.EIO : 0;
  }

  #write(position: number, data: Buffer, whole: boolean): void {
    if (whole) this.#file.write(position, data);
    else this.#writeSome(position, data);
    this.#landed();
  }

  /** A torn write: each sector is written or not. */
  #writeSome(position: number, data: Buffer): void {
    const { random } = this.#files.storage;
    const share = random.pick([0, 0.5, 1]);
    for (let at = 0; at < data.length; ) {
      const length = Math.min(data.length - at, SECTOR - ((position + at) % SECTOR));
      if (random.chance(share)) this.#file.write(position + at, data.subarray(at, at + length));
      at += length;
    }
  }

  #landed(): void {
    const { volume, onLanded } = this.#files.storage;
    // Bytes of a file that was removed are nobody's any more.
    if (volume.has(this.path) && volume.find(this.path) === this.#file) {
      onLanded(this.path, this.#files.process);
    }
  }
}
