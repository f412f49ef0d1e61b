// The dirty-region log of one component: one bit for each MiB, durable before the first write to it
// begins. A bit says that this copy may differ from the others there. docs/datastores/vsan.md has
// the argument.
import { type FileHandle, open } from 'node:fs/promises';
import { NBD_ERRORS } from '#lib/formats/nbd/errno.ts';
import { MIB } from '#lib/model/limits.ts';

export const REGION_BYTES = 1 * MIB;

export class DirtyLog {
  readonly #file: FileHandle;
  /** What is durable, and what is wanted. */
  readonly #durable: Uint8Array;
  readonly #wanted: Uint8Array;
  #writing: Promise<number> | null = null;
  #next: Promise<number> | null = null;

  private constructor(file: FileHandle, bits: Uint8Array) {
    this.#file = file;
    this.#durable = bits;
    this.#wanted = Uint8Array.from(bits);
  }

  /** Opens or makes the file. */
  static async open(path: string, sizeBytes: number): Promise<DirtyLog> {
    const file = await open(path, 'a+', 0o600);
    await file.close();
    const handle = await open(path, 'r+');
    const bits = new Uint8Array(Math.ceil(Math.ceil(sizeBytes / REGION_BYTES) / 8));
    await handle.read(bits, 0, bits.length, 0);
    return new DirtyLog(handle, bits);
  }

  get bits(): Uint8Array {
    return this.#wanted;
  }

  get count(): number {
    let count = 0;
    for (const byte of this.#wanted) count += popCount(byte);
    return count;
  }

  /** Null when the range is marked durably; else resolves with 0 or an error number once it is. */
  mark(offset: number, length: number): Promise<number> | null {
    const last = Math.floor((offset + length - 1) / REGION_BYTES);
    let missing = false;
    for (let region = Math.floor(offset / REGION_BYTES); region <= last; region++) {
      const mask = 1 << (region & 7);
      this.#wanted[region >> 3] = (this.#wanted[region >> 3] ?? 0) | mask;
      if (((this.#durable[region >> 3] ?? 0) & mask) === 0) missing = true;
    }
    return missing ? this.#write() : null;
  }

  /** Clears regions, all for null. Need not be durable: a bit too many costs only a copy. */
  async clean(regions: readonly number[] | null): Promise<void> {
    if (regions === null) this.#wanted.fill(0);
    for (const region of regions ?? []) {
      this.#wanted[region >> 3] = (this.#wanted[region >> 3] ?? 0) & ~(1 << (region & 7));
    }
    await this.#write();
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  /** One write at a time; all that ask meanwhile share the next one. */
  #write(): Promise<number> {
    if (this.#next !== null) return this.#next;
    const before = this.#writing ?? Promise.resolve(0);
    const mine = before.then(() => {
      this.#next = null;
      this.#writing = mine;
      return this.#writeNow();
    });
    this.#next = mine;
    return mine;
  }

  async #writeNow(): Promise<number> {
    const bits = Uint8Array.from(this.#wanted);
    // Until it is known what became durable, only what was and still is wanted counts.
    for (const [at, byte] of bits.entries()) this.#durable[at] = (this.#durable[at] ?? 0) & byte;
    try {
      await this.#file.write(bits, 0, bits.length, 0);
      await this.#file.datasync();
      this.#durable.set(bits);
      return 0;
    } catch (error) {
      const full = error instanceof Error && 'code' in error && error.code === 'ENOSPC';
      return full ? NBD_ERRORS.ENOSPC : NBD_ERRORS.EIO;
    }
  }
}

/** The numbers of the bits that are set. */
export function regionsOf(bits: Uint8Array): number[] {
  const regions: number[] = [];
  for (const [at, byte] of bits.entries()) {
    if (byte === 0) continue;
    for (let bit = 0; bit < 8; bit++) if ((byte & (1 << bit)) !== 0) regions.push(at * 8 + bit);
  }
  return regions;
}

function popCount(byte: number): number {
  let count = 0;
  for (let rest = byte; rest !== 0; rest &= rest - 1) count += 1;
  return count;
}
