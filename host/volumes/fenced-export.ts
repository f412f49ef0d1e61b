// A volume as one holder has it over NBD. Revoking it ends the holder's writing for good: what is
// under way is waited for, everything later fails, so that the next holder never meets a late
// write.
import { assert } from '#lib/base/assert.ts';
import { NBD_ERRORS } from '#lib/formats/nbd/errno.ts';
import type { StatusExtent } from '#lib/formats/nbd/transmission.ts';
import { type ChainIo, type IoCarrier, PENDING } from '../chain/chain-io.ts';
import { DiskMeter } from '../chain/disk-meter.ts';
import type { Backing } from '../disk/backing.ts';
import type { NbdExport } from '../nbd/nbd-export.ts';

export interface FencedExportParts {
  name: string;
  /** Unlike every other of the server. */
  key: number;
  backing: Backing;
  /** Work that must have ended before an I/O may begin; null when there is none. */
  prepare?(io: ChainIo): Promise<number> | null;
}

export class FencedExport implements NbdExport, IoCarrier {
  readonly diskKey: number;
  readonly name: string;
  readonly sizeBytes: number;
  readonly meter = new DiskMeter();
  readonly #parts: FencedExportParts;
  #underWay = 0;
  #revoked = false;
  #idle: () => void = () => undefined;

  constructor(parts: FencedExportParts) {
    this.#parts = parts;
    this.diskKey = parts.key;
    this.name = parts.name;
    this.sizeBytes = parts.backing.sizeBytes;
  }

  isServing(): boolean {
    return !this.#revoked;
  }

  submit(io: ChainIo): boolean {
    io.error = 0;
    io.carrier = this;
    if (this.#revoked) {
      io.error = NBD_ERRORS.ESHUTDOWN;
      return true;
    }
    const preparation = this.#parts.prepare?.(io) ?? null;
    this.#underWay += 1;
    if (preparation !== null) {
      void preparation.then((error) => this.#begin(io, error));
      return false;
    }
    const result = this.#parts.backing.submit(io);
    if (result === PENDING) return false;
    io.error = result;
    this.#ended();
    return true;
  }

  blockStatus(offset: number, length: number): Promise<StatusExtent[] | number> {
    return this.#parts.backing.blockStatus(offset, length);
  }

  /** Resolves when nothing of the holder is under way; from the call on nothing new begins. */
  async revoke(): Promise<void> {
    this.#revoked = true;
    if (this.#underWay === 0) return;
    await new Promise<void>((resolve) => {
      const before = this.#idle;
      this.#idle = () => {
        before();
        resolve();
      };
    });
  }

  deferralOf(): never {
    assert(false, 'nobody below a chain defers');
  }

  diskDone(io: ChainIo, error: number): void {
    io.error = error;
    this.#ended();
    io.finished();
  }

  #begin(io: ChainIo, error: number): void {
    const result = error === 0 ? this.#parts.backing.submit(io) : error;
    if (result !== PENDING) this.diskDone(io, result);
  }

  #ended(): void {
    this.#underWay -= 1;
    if (this.#underWay === 0) this.#idle();
  }
}
