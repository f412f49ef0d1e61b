// One disk's encryption on the I/O path: writes are encrypted in place on their way in, reads are
// decrypted in place on their way out, each sector with the key of its side of the walk.
import {
  DEFER,
  type DiskEvent,
  type DiskIo,
  EIO,
  type FilterContext,
  type FilterHooks,
  type FilterLifecycle,
  type FilterProgress,
  type PropertyValues,
} from '#lib/filter-sdk/filter.ts';
import type { SectorCipher } from '#lib/filter-sdk/key-service.ts';
import { decryptSectors, encryptSectors } from './sectors.ts';
import { Walker } from './walker.ts';
import { wishOf } from './wish.ts';

/** -EIO, as a hook returns it. */
const REFUSED = -5;

type Answer = typeof DEFER | typeof REFUSED | undefined;
type Convert = (cipher: SectorCipher | null, data: Uint8Array, offset: number) => void;

export class DiskEncryption implements FilterHooks, FilterLifecycle {
  readonly #walker: Walker;
  /** What is below is older than what is known of it. */
  #stale = false;
  #encryptedBytes = 0;
  #decryptedBytes = 0;
  #waited = 0;

  /** Throws when a key cannot be had, or what is kept with the disk cannot be read. */
  constructor(context: FilterContext) {
    this.#walker = new Walker(context);
  }

  read(io: DiskIo): Answer {
    return this.#enter(io);
  }

  write(io: DiskIo): Answer {
    return this.#enter(io);
  }

  /** A sector of zeroes below reads as zeroes. */
  trim(io: DiskIo): Answer {
    return this.#enter(io);
  }

  writeZeroes(io: DiskIo): Answer {
    return this.#enter(io);
  }

  flush(): void {
    // All that was answered is below: the disk's own flush makes it durable.
  }

  prefetch(): void {
    // What is read early is decrypted when it is asked for.
  }

  completed(io: DiskIo): void {
    const { operation, offset, length } = io;
    if (operation === 'flush' || operation === 'prefetch') return;
    if (operation === 'read' && io.error === 0) {
      this.#decryptedBytes += length;
      this.#convert(io, decryptSectors);
    }
    this.#walker.inFlight.leave(offset, length);
  }

  setProperties(properties: PropertyValues): void {
    this.#walker.want(wishOf(properties));
  }

  async diskEvent({ kind, phase, sizeBytes, filterLeaves }: DiskEvent): Promise<void> {
    if (phase === 'prepare') {
      // The walk stands still meanwhile, so that what is copied is of one piece.
      await this.#walker.pause();
      if (!filterLeaves || this.#walker.isClear) return;
      this.#walker.resume();
      throw new Error(
        'the disk is encrypted; it has to be decrypted before the filter can leave it',
      );
    }
    if (phase === 'frozen') return;
    if (kind === 'grow' && phase === 'done') this.#walker.grow(sizeBytes);
    // The disk is opened anew, with what was kept at the snapshot.
    if (kind === 'snapshotRevert' && phase === 'done') this.#stale = true;
    else this.#walker.resume();
  }

  progress(): FilterProgress {
    return this.#walker.progress;
  }

  statistics(): Record<string, number> {
    return {
      encryptedShare: this.#walker.encryptedShare,
      encryptedBytes: this.#encryptedBytes,
      decryptedBytes: this.#decryptedBytes,
      walkedBytes: this.#walker.walkedBytes,
      waited: this.#waited,
    };
  }

  async close(): Promise<void> {
    this.#stale = true;
    await this.#walker.close();
  }

  #enter(io: DiskIo): Answer {
    if (this.#stale) return REFUSED;
    if (this.#walker.blocks(io.offset, io.length)) return this.#wait(io);
    this.#pass(io);
  }

  #wait(io: DiskIo): Answer {
    if (this.#walker.isStuck) return REFUSED;
    this.#waited += 1;
    const token = io.defer();
    this.#walker.wait({
      ...{ offset: io.offset, length: io.length },
      resume: () => {
        this.#pass(io);
        token.pass();
      },
      fail: () => token.fail(EIO),
    });
    return DEFER;
  }

  #pass(io: DiskIo): void {
    this.#walker.inFlight.enter(io.offset, io.length);
    if (io.operation !== 'write') return;
    this.#encryptedBytes += io.length;
    this.#convert(io, encryptSectors);
  }

  #convert({ data, offset, length }: DiskIo, convert: Convert): void {
    const { before, behind } = this.#walker.ciphers;
    const split = Math.min(Math.max(this.#walker.boundary - offset, 0), length);
    if (split === 0) convert(behind, data, offset);
    else if (split === length) convert(before, data, offset);
    else {
      convert(before, data.subarray(0, split), offset);
      convert(behind, data.subarray(split), offset + split);
    }
  }
}
