// The simulated datastore: files whose bytes everybody sees at once, but which only a sync makes
// durable. When the power fails, each sector that was not synced keeps its newest bytes, or any
// that it had since, or those of the last sync; names that were not synced go back as well.
import type { SeededRandom } from './seeded-random.ts';

export const SECTOR = 512;
/** Older bytes of one sector that are remembered. */
const VERSIONS_MAX = 3;

interface DirtySector {
  /** What it was, the durable bytes first. */
  versions: Buffer[];
  /** A sync failed after it was written: later ones do not make it durable. */
  poisoned: boolean;
}

export class SimFile {
  bytes = Buffer.alloc(0);
  #durableSize = 0;
  readonly #dirty = new Map<number, DirtySector>();
  readonly #allocated = new Set<number>();

  get size(): number {
    return this.bytes.length;
  }

  get allocatedBytes(): number {
    return this.#allocated.size * SECTOR;
  }

  /** Whether a write there takes no space that it does not have. */
  hasSpace(position: number, length: number): boolean {
    if (position + length > this.bytes.length) return false;
    for (const sector of sectorsOf(position, length)) {
      if (!this.#allocated.has(sector)) return false;
    }
    return true;
  }

  write(position: number, data: Uint8Array): void {
    if (position + data.length > this.bytes.length) this.resize(position + data.length);
    for (const sector of sectorsOf(position, data.length)) {
      this.#remember(sector);
      this.#allocated.add(sector);
    }
    this.bytes.set(data, position);
  }

  zero(position: number, length: number): void {
    for (const sector of sectorsOf(position, length)) {
      this.#remember(sector);
      this.#allocated.delete(sector);
    }
    this.bytes.fill(0, position, position + length);
  }

  allocate(position: number, length: number): void {
    for (const sector of sectorsOf(position, length)) this.#allocated.add(sector);
  }

  resize(size: number): void {
    const bytes = Buffer.alloc(size);
    this.bytes.copy(bytes, 0, 0, Math.min(size, this.bytes.length));
    this.bytes = bytes;
  }

  sync(): void {
    this.#durableSize = this.bytes.length;
    for (const [sector, { poisoned }] of this.#dirty) if (!poisoned) this.#dirty.delete(sector);
  }

  /** A sync failed, and the system forgot what it had to write. */
  poison(): void {
    for (const dirty of this.#dirty.values()) dirty.poisoned = true;
  }

  losePower(random: SeededRandom, kept: number): void {
    for (const [sector, { versions }] of this.#dirty) {
      if (random.chance(kept)) continue;
      const was = random.chance(0.5) ? versions[0] : random.pick(versions);
      was?.copy(this.bytes, sector * SECTOR);
    }
    this.#dirty.clear();
    if (this.bytes.length > this.#durableSize && !random.chance(kept)) {
      this.resize(this.#durableSize);
    }
    this.#durableSize = this.bytes.length;
  }

  #remember(sector: number): void {
    const dirty = this.#dirty.get(sector);
    if (dirty !== undefined) {
      dirty.poisoned = false;
      if (dirty.versions.length === VERSIONS_MAX) return;
    }
    const before = Buffer.from(this.bytes.subarray(sector * SECTOR, (sector + 1) * SECTOR));
    if (dirty === undefined) this.#dirty.set(sector, { versions: [before], poisoned: false });
    else dirty.versions.push(before);
  }
}

export class SimVolume {
  readonly #files = new Map<string, SimFile>();
  readonly #directories = new Set<string>();
  /** Told the new name of what was renamed. */
  onRenamed: ((path: string) => void) | null = null;
  /** Takes back what was done to names and is not durable. */
  #undo: (() => void)[] = [];

  find(path: string): SimFile {
    const file = this.#files.get(path);
    if (file === undefined) throw systemError('ENOENT', path);
    return file;
  }

  has(path: string): boolean {
    return this.#files.has(path);
  }

  create(path: string): SimFile {
    if (this.has(path)) throw systemError('EEXIST', path);
    const file = new SimFile();
    this.#name(path, file);
    return file;
  }

  list(directory: string): string[] {
    if (!this.#directories.has(directory)) throw systemError('ENOENT', directory);
    const prefix = `${directory}/`;
    const inside = [...this.#files.keys()].filter((path) => path.startsWith(prefix));
    return inside.map((path) => path.slice(prefix.length)).filter((name) => !name.includes('/'));
  }

  /** With those above it. Directories are durable at once. */
  makeDirectory(path: string): void {
    for (let at = path; at !== '' && at !== '/'; at = at.slice(0, at.lastIndexOf('/'))) {
      this.#directories.add(at);
    }
  }

  removeDirectory(path: string): void {
    if (!this.#directories.has(path)) throw systemError('ENOENT', path);
    const prefix = `${path}/`;
    const names = [...this.#files.keys(), ...this.#directories];
    if (names.some((name) => name.startsWith(prefix))) throw systemError('ENOTEMPTY', path);
    this.#directories.delete(path);
    this.#undo.push(() => this.#directories.add(path));
  }

  link(path: string, newPath: string): void {
    if (this.has(newPath)) throw systemError('EEXIST', newPath);
    this.#name(newPath, this.find(path));
  }

  rename(path: string, newPath: string): void {
    const file = this.find(path);
    this.#name(newPath, file);
    this.remove(path);
    this.onRenamed?.(newPath);
  }

  remove(path: string): void {
    const file = this.find(path);
    this.#files.delete(path);
    this.#undo.push(() => this.#files.set(path, file));
  }

  syncNames(): void {
    this.#undo = [];
  }

  /** `kept` is the share of what was not synced that survives. */
  losePower(random: SeededRandom, kept: number): void {
    const lost = random.chance(kept) ? 0 : random.below(this.#undo.length + 1);
    for (const takeBack of this.#undo.splice(this.#undo.length - lost).reverse()) takeBack();
    this.#undo = [];
    for (const file of new Set(this.#files.values())) file.losePower(random, kept);
  }

  #name(path: string, file: SimFile): void {
    const before = this.#files.get(path);
    this.#files.set(path, file);
    this.#undo.push(() => {
      if (before === undefined) this.#files.delete(path);
      else this.#files.set(path, before);
    });
  }
}

/** What a call of the file system throws. */
export function systemError(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}

function* sectorsOf(position: number, length: number): Generator<number> {
  const end = Math.ceil((position + length) / SECTOR);
  for (let sector = Math.floor(position / SECTOR); sector < end; sector++) yield sector;
}
