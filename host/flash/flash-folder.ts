// A host's virtual flash resource as a folder of its local store: one file for each thing that a
// filter keeps there, and another that says whose it is, all together never longer than the
// resource.
import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  existsSync,
  fdatasync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  statSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Random, randomUuid } from '#lib/base/random.ts';
import type { FlashFile, HostFlash } from '#lib/filter-sdk/host-flash.ts';
import { errnoOf } from '../datastore/errno.ts';
import { capacityOf } from './flash-capacity.ts';
import { FLASH_SUFFIX, type FlashOwner, flashOwnerSchema, OWNER_SUFFIX } from './flash-owner.ts';

const syncLater = promisify(fdatasync);
const { O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW, O_RDONLY } = constants;
/** A hash of the label, and a UUID. */
const ID = /^[0-9a-f]{16}-[0-9a-f-]{36}$/;
/** Of a file that was taken over, before its suffix. */
const TAKEN = '.taken';
const NOBODY: FlashOwner = { label: '', vmId: '', diskKey: null, mirrorOf: '' };

export interface FlashFolderParts {
  /** Made when it is not there. */
  directory: string;
  /** Unless a file in the folder says another (host/flash/flash-capacity.ts). */
  capacityBytes: number;
  host: { id: string; name: string };
  random: Random;
  /** Whose files these are; disks of two VMs may be called the same. */
  owner?: Partial<FlashOwner>;
}

export class FlashFolder implements HostFlash {
  readonly host: { id: string; name: string };
  readonly #directory: string;
  readonly #parts: FlashFolderParts;

  constructor(parts: FlashFolderParts) {
    this.host = parts.host;
    this.#directory = parts.directory;
    this.#parts = parts;
  }

  /** The same folder for the files of one disk. */
  of(owner: Partial<FlashOwner>): FlashFolder {
    return new FlashFolder({ ...this.#parts, owner });
  }

  /** As the host has it now: an administrator may change it while VMs run. */
  get capacityBytes(): number {
    return capacityOf(this.#directory) ?? this.#parts.capacityBytes;
  }

  make(label: string, sizeBytes: number, { mirrorOf = '' } = {}): FlashFile {
    const free = this.capacityBytes - usedFlashBytes(this.#directory);
    if (sizeBytes > free) {
      const what = `${sizeBytes} bytes are wanted and ${Math.max(free, 0)} are free`;
      throw flashError('ENOSPC', `the flash of ${this.host.name} is full: ${what}`);
    }
    const id = `${this.#hashOf(label)}-${randomUuid(this.#parts.random)}`;
    const path = this.#pathOf(id);
    const owner = { ...NOBODY, ...this.#parts.owner, label, mirrorOf };
    return naming(path, () => {
      mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
      writeFileSync(ownerPathOf(path), JSON.stringify(owner), { mode: 0o600 });
      const fd = openSync(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
      ftruncateSync(fd, sizeBytes);
      fsyncSync(fd);
      // Its name must be as durable as what a filter will promise by it.
      syncFolder(this.#directory);
      return new FolderFile({ id, path, fd, sizeBytes });
    });
  }

  find(id: string): FlashFile | null {
    return ID.test(id) ? this.#open(id) : null;
  }

  /** By another name from then on, in one step. */
  take(id: string): FlashFile | null {
    if (!ID.test(id)) return null;
    const taken = `${id}${TAKEN}`;
    const path = this.#pathOf(taken);
    naming(path, () => {
      if (!existsSync(path) && existsSync(this.#pathOf(id))) renameSync(this.#pathOf(id), path);
      syncFolder(this.#directory);
    });
    return this.#open(taken);
  }

  #open(id: string): FlashFile | null {
    const path = this.#pathOf(id);
    try {
      const fd = openSync(path, O_RDWR | O_NOFOLLOW);
      return new FolderFile({ id, path, fd, sizeBytes: fstatSync(fd).size });
    } catch (thrown) {
      if (errnoOf(thrown) === 'ENOENT') return null;
      throw named(path, thrown);
    }
  }

  sweep(label: string, keepId: string | null): void {
    const kept = keepId === null ? null : `${keepId}${FLASH_SUFFIX}`;
    for (const name of namesIn(this.#directory)) {
      const isLabelled = name.startsWith(`${this.#hashOf(label)}-`) && name.endsWith(FLASH_SUFFIX);
      const path = join(this.#directory, name);
      if (isLabelled && name !== kept) removeBoth(path);
    }
  }

  #hashOf(label: string): string {
    const { vmId = '', diskKey = null } = this.#parts.owner ?? {};
    const whole = JSON.stringify([vmId, diskKey, label]);
    return createHash('sha256').update(whole).digest('hex').slice(0, 16);
  }

  #pathOf(id: string): string {
    return join(this.#directory, `${id}${FLASH_SUFFIX}`);
  }
}

/** One file on a virtual flash resource. */
export interface FlashContent {
  id: string;
  bytes: number;
  /** Milliseconds since the epoch. */
  writtenAt: number;
  /** Null when nothing says it. */
  owner: FlashOwner | null;
}

/** All that is kept in a flash folder; nothing when there is no such folder. */
export function readFlashFolder(directory: string): FlashContent[] {
  const names = namesIn(directory).filter((name) => name.endsWith(FLASH_SUFFIX));
  return names.flatMap((name) => {
    const path = join(directory, name);
    const found = statSync(path, { throwIfNoEntry: false });
    // Removed since the folder was listed.
    if (found === undefined) return [];
    const { size: bytes, mtimeMs: writtenAt } = found;
    return [{ id: name.slice(0, -FLASH_SUFFIX.length), bytes, writtenAt, owner: ownerAt(path) }];
  });
}

/** By hand; false when it is not there. */
export function removeFlashFile(directory: string, id: string): boolean {
  const found = readFlashFolder(directory).some((content) => content.id === id);
  if (found) removeBoth(join(directory, `${id}${FLASH_SUFFIX}`));
  return found;
}

/** What the files of a flash folder take, by their lengths. */
export function usedFlashBytes(directory: string): number {
  return readFlashFolder(directory).reduce((sum, { bytes }) => sum + bytes, 0);
}

function ownerPathOf(path: string): string {
  const id = path.slice(0, -FLASH_SUFFIX.length);
  return (id.endsWith(TAKEN) ? id.slice(0, -TAKEN.length) : id) + OWNER_SUFFIX;
}

function syncFolder(directory: string): void {
  const folder = openSync(directory, O_RDONLY);
  fsyncSync(folder);
  closeSync(folder);
}

function ownerAt(path: string): FlashOwner | null {
  try {
    return flashOwnerSchema.parse(JSON.parse(readFileSync(ownerPathOf(path), 'utf8')));
  } catch {
    // A kill has left it half made, or it was touched by hand: shown as nobody's.
    return null;
  }
}

function removeBoth(path: string): void {
  naming(path, () => unlinkSync(path));
  try {
    unlinkSync(ownerPathOf(path));
  } catch {
    // What it was about is gone: it takes no room of the resource.
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (thrown) {
    if (errnoOf(thrown) === 'ENOENT') return [];
    throw named(directory, thrown);
  }
}

class FolderFile implements FlashFile {
  readonly id: string;
  readonly sizeBytes: number;
  readonly #path: string;
  readonly #fd: number;

  constructor(file: { id: string; path: string; fd: number; sizeBytes: number }) {
    this.id = file.id;
    this.sizeBytes = file.sizeBytes;
    this.#path = file.path;
    this.#fd = file.fd;
  }

  read(position: number, target: Uint8Array): void {
    naming(this.#path, () => {
      for (let done = 0; done < target.length; ) {
        const got = readSync(this.#fd, target, done, target.length - done, position + done);
        if (got === 0) throw flashError('EIO', 'the file ends too early');
        done += got;
      }
    });
  }

  write(position: number, data: Uint8Array): void {
    if (position < 0 || position + data.length > this.sizeBytes) {
      throw flashError('EINVAL', `${position} + ${data.length} is not within ${this.#path}`);
    }
    naming(this.#path, () => {
      for (let done = 0; done < data.length; ) {
        done += writeSync(this.#fd, data, done, data.length - done, position + done);
      }
    });
  }

  async sync(): Promise<void> {
    await syncLater(this.#fd).catch((thrown: unknown) => {
      throw named(this.#path, thrown);
    });
  }

  isThere(): boolean {
    const found = statSync(this.#path, { throwIfNoEntry: false });
    return found !== undefined && found.ino === fstatSync(this.#fd).ino;
  }

  close(): void {
    closeSync(this.#fd);
  }

  remove(): void {
    this.close();
    removeBoth(this.#path);
  }
}

function naming<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (thrown) {
    throw named(path, thrown);
  }
}

/** As filters get it: an Error whose message begins with the errno. */
function named(path: string, cause: unknown): Error {
  const why = cause instanceof Error ? cause.message : String(cause);
  return flashError(errnoOf(cause) ?? 'EIO', `${path}: ${why}`, cause);
}

function flashError(errno: string, why: string, cause?: unknown): Error {
  return new Error(`${errno}: ${why}`, { cause });
}
