// A host's virtual flash resource as a folder of its local store: one file for each thing that a
// filter keeps there, all together never longer than the resource.
import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  fdatasync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Random, randomUuid } from '#lib/base/random.ts';
import type { FlashFile, HostFlash } from '#lib/filter-sdk/host-flash.ts';
import { errnoOf } from '../datastore/errno.ts';

const syncLater = promisify(fdatasync);
const { O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW, O_RDONLY } = constants;
/** A hash of the label, and a UUID. */
const ID = /^[0-9a-f]{16}-[0-9a-f-]{36}$/;
const SUFFIX = '.flash';

export interface FlashFolderParts {
  /** Made when it is not there. */
  directory: string;
  capacityBytes: number;
  host: { id: string; name: string };
  random: Random;
}

export class FlashFolder implements HostFlash {
  readonly host: { id: string; name: string };
  readonly capacityBytes: number;
  readonly #directory: string;
  readonly #random: Random;

  constructor({ directory, capacityBytes, host, random }: FlashFolderParts) {
    this.host = host;
    this.capacityBytes = capacityBytes;
    this.#directory = directory;
    this.#random = random;
  }

  make(label: string, sizeBytes: number): FlashFile {
    const free = this.capacityBytes - usedFlashBytes(this.#directory);
    if (sizeBytes > free) {
      const what = `${sizeBytes} bytes are wanted and ${Math.max(free, 0)} are free`;
      throw flashError('ENOSPC', `the flash of ${this.host.name} is full: ${what}`);
    }
    const id = `${hashOf(label)}-${randomUuid(this.#random)}`;
    const path = this.#pathOf(id);
    return naming(path, () => {
      mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
      const fd = openSync(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
      ftruncateSync(fd, sizeBytes);
      fsyncSync(fd);
      // Its name must be as durable as what a filter will promise by it.
      const folder = openSync(this.#directory, O_RDONLY);
      fsyncSync(folder);
      closeSync(folder);
      return new FolderFile({ id, path, fd, sizeBytes });
    });
  }

  find(id: string): FlashFile | null {
    if (!ID.test(id)) return null;
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
    const kept = keepId === null ? null : `${keepId}${SUFFIX}`;
    for (const name of namesIn(this.#directory)) {
      const isLabelled = name.startsWith(`${hashOf(label)}-`) && name.endsWith(SUFFIX);
      const path = join(this.#directory, name);
      if (isLabelled && name !== kept) naming(path, () => unlinkSync(path));
    }
  }

  #pathOf(id: string): string {
    return join(this.#directory, `${id}${SUFFIX}`);
  }
}

/** What the files of a flash folder take, by their lengths; 0 when there is no such folder. */
function usedFlashBytes(directory: string): number {
  let bytes = 0;
  for (const name of namesIn(directory)) {
    if (!name.endsWith(SUFFIX)) continue;
    bytes += statSync(join(directory, name), { throwIfNoEntry: false })?.size ?? 0;
  }
  return bytes;
}

function hashOf(label: string): string {
  return createHash('sha256').update(label).digest('hex').slice(0, 16);
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

  close(): void {
    closeSync(this.#fd);
  }

  remove(): void {
    this.close();
    naming(this.#path, () => unlinkSync(this.#path));
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
