// A datastore as a host mounts it: a directory, shared by every host that can see it, with a marker
// file that says which datastore it is. Of a vSAN or a
// vVol it holds the descriptors, and the data are elsewhere. docs/adr/0006 says what keeps hosts
// apart.
import { link, mkdir, mkdtemp, readdir, readFile, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { Fault } from '#lib/model/fault.ts';
import { seeObjects } from '../volumes/read-objects.ts';
import { remoteSpace } from '../volumes/remote-space.ts';
import type { DatastoreConfig } from './datastore-config.ts';
import { resolveInside } from './datastore-path.ts';
import { errnoOf } from './errno.ts';

/** The file that says which datastore a directory is. */
export const DATASTORE_MARKER = '.datastore.json';

export interface DatastoreStatus {
  accessible: boolean;
  capacityBytes: number;
  freeBytes: number;
  /** Why it is not accessible; empty when it is. */
  message: string;
  /** Of a vSAN or a vVol: how many objects are in which state. */
  objectHealth?: Record<string, number>;
  /** Changes with any of them. */
  objectsDigest?: string;
}

export class Datastore {
  readonly config: DatastoreConfig;

  constructor(config: DatastoreConfig) {
    this.config = config;
  }

  /**
   * Creates the directory, or takes an empty one, and marks it. A no-op on one that is marked
   * already.
   */
  async mount(): Promise<DatastoreStatus> {
    try {
      await mkdir(this.config.path, { recursive: true });
      const entries = await readdir(this.config.path);
      if (entries.every((name) => name.startsWith(DATASTORE_MARKER))) await this.#mark();
    } catch (error) {
      return inaccessible(`${this.config.path} cannot be used: ${reasonOf(error)}.`);
    }
    return this.status();
  }

  /** With the health of its objects, where it has any. */
  async status(): Promise<DatastoreStatus> {
    const status = await this.#access();
    if (!status.accessible) return status;
    try {
      const seen = await seeObjects(this.config);
      if (seen === null) return status;
      const { objectHealth, objectsDigest } = seen;
      return { ...status, objectHealth, objectsDigest };
    } catch (error) {
      return inaccessible(reasonOf(error));
    }
  }

  async #access(): Promise<DatastoreStatus> {
    try {
      const marker = await this.#readMarker();
      if (marker === null) {
        return inaccessible(
          `${this.config.path} holds files, but none says that it is a datastore.`,
        );
      }
      if (marker !== this.config.id) {
        return inaccessible(`${this.config.path} is the datastore ${marker}.`);
      }
      const { bsize, blocks, bavail } = await statfs(this.config.path);
      const own = { capacityBytes: bsize * blocks, freeBytes: bsize * bavail };
      const sizes = (await remoteSpace(this.config)) ?? own;
      return { accessible: true, message: '', ...sizes };
    } catch (error) {
      if (error instanceof Fault) return inaccessible(error.message);
      return inaccessible(`${this.config.path} cannot be read: ${reasonOf(error)}.`);
    }
  }

  /** Throws `InvalidDatastore` unless the datastore is accessible now. */
  async requireAccessible(): Promise<void> {
    const { accessible, message } = await this.#access();
    if (accessible) return;
    throw new Fault(
      'InvalidDatastore',
      `The datastore ${this.config.name} is not accessible: ${message}`,
    );
  }

  /**
   * Absolute path of a file of the datastore. Throws `InvalidArgument` for one that would lie
   * outside.
   */
  resolve(path: string): Promise<string> {
    return resolveInside(this.config.path, path);
  }

  async #mark(): Promise<void> {
    // Several hosts may mount a new datastore at the same moment: link lets one of them win, with
    // whole contents.
    const folder = await mkdtemp(join(this.config.path, `${DATASTORE_MARKER}.`));
    const temporary = join(folder, 'marker');
    const { id, type } = this.config;
    try {
      await writeFile(temporary, `${JSON.stringify({ format: 1, id, type })}\n`);
      await link(temporary, join(this.config.path, DATASTORE_MARKER));
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  async #readMarker(): Promise<string | null> {
    try {
      const text = await readFile(join(this.config.path, DATASTORE_MARKER), 'utf8');
      return z.object({ id: z.string() }).parse(JSON.parse(text)).id;
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return null;
      throw error;
    }
  }
}

function inaccessible(message: string): DatastoreStatus {
  return { accessible: false, capacityBytes: 0, freeBytes: 0, message };
}

function reasonOf(error: unknown): string {
  return errnoOf(error) ?? (error instanceof Error ? error.message : String(error));
}
