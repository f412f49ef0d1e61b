// The virtual flash resource around a filter in its tests: files in memory, which can lose what was
// not synchronized, and fail.
import { assert } from '../base/assert.ts';
import type { FlashFile, HostFlash } from './host-flash.ts';

interface Stored {
  /** As the next reader finds it. */
  bytes: Uint8Array;
  /** As a loss of power leaves it. */
  durable: Uint8Array;
  /** What was written since it was synchronized. */
  pending: { start: number; end: number }[];
}

export class HarnessFlash implements HostFlash {
  readonly host: { id: string; name: string };
  readonly capacityBytes: number;
  /** By id. */
  readonly files = new Map<string, Stored>();
  /** Makes what follows fail with EIO. */
  broken = false;
  #made = 0;

  constructor({ name = 'host-1', capacityBytes = 64 * 1024 * 1024 } = {}) {
    this.host = { id: `id-of-${name}`, name };
    this.capacityBytes = capacityBytes;
  }

  make(label: string, sizeBytes: number): FlashFile {
    this.check();
    const used = [...this.files.values()].reduce((sum, { bytes }) => sum + bytes.length, 0);
    if (used + sizeBytes > this.capacityBytes) throw flashError('ENOSPC: the flash is full');
    this.#made += 1;
    const id = `${label}-${this.host.name}-${this.#made}`;
    const stored = {
      bytes: new Uint8Array(sizeBytes),
      durable: new Uint8Array(sizeBytes),
      pending: [],
    };
    this.files.set(id, stored);
    return new HarnessFlashFile(this, id, stored);
  }

  find(id: string): FlashFile | null {
    this.check();
    const stored = this.files.get(id);
    return stored === undefined ? null : new HarnessFlashFile(this, id, stored);
  }

  /** Under another name from then on. */
  take(id: string): FlashFile | null {
    this.check();
    const [stored, taken] = [this.files.get(id), `${id}.taken`];
    if (stored !== undefined) {
      this.files.delete(id);
      this.files.set(taken, stored);
    }
    return this.find(taken);
  }

  sweep(label: string, keepId: string | null): void {
    this.check();
    for (const id of this.files.keys()) {
      if (id.startsWith(`${label}-`) && id !== keepId) this.files.delete(id);
    }
  }

  /** The host loses power: what was not synchronized is gone. */
  losePower(): void {
    for (const { bytes, durable, pending } of this.files.values()) copy(durable, bytes, pending);
  }

  check(): void {
    if (this.broken) throw flashError('EIO: the flash failed');
  }
}

class HarnessFlashFile implements FlashFile {
  readonly id: string;
  readonly #flash: HarnessFlash;
  readonly #stored: Stored;

  constructor(flash: HarnessFlash, id: string, stored: Stored) {
    this.#flash = flash;
    this.id = id;
    this.#stored = stored;
  }

  get sizeBytes(): number {
    return this.#stored.bytes.length;
  }

  read(position: number, target: Uint8Array): void {
    this.#flash.check();
    const end = position + target.length;
    assert(position >= 0 && end <= this.sizeBytes, 'a read is within the file');
    target.set(this.#stored.bytes.subarray(position, end));
  }

  write(position: number, data: Uint8Array): void {
    this.#flash.check();
    const end = position + data.length;
    assert(position >= 0 && end <= this.sizeBytes, 'a write is within the file');
    this.#stored.bytes.set(data, position);
    this.#stored.pending.push({ start: position, end });
  }

  async sync(): Promise<void> {
    this.#flash.check();
    copy(this.#stored.bytes, this.#stored.durable, this.#stored.pending);
  }

  isThere(): boolean {
    return this.#flash.files.has(this.id);
  }

  close(): void {
    // Nothing is held open.
  }

  remove(): void {
    this.#flash.files.delete(this.id);
  }
}

/** Copies the ranges, and there are none of them any more. */
function copy(from: Uint8Array, to: Uint8Array, ranges: Stored['pending']): void {
  for (const { start, end } of ranges.splice(0)) to.set(from.subarray(start, end), start);
}

/** As a host throws: an Error whose message begins with the errno. */
function flashError(message: string): Error {
  return new Error(message);
}
